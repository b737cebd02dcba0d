"""Pages and tables made from the records of results; pure, a record in and text out."""
