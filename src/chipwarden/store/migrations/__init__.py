"""Versions of the records tables, oldest first; alembic runs them."""
