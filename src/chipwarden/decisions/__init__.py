"""Facts in, a decision with its reasons out."""
