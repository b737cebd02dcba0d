"""The only code that goes out to the network: one guarded client."""
