"""Use cases: gather facts, decide, record."""
