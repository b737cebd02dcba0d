"""Release grants: what a gate asks for before it lets goods go."""
