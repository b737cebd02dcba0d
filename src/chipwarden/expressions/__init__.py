"""The closed rule language: read, explained, and run in bulk from one tree."""
