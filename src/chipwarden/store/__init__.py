"""What is kept on disk, and what runs over many rows of it."""
