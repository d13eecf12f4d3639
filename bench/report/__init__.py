"""What was measured, for people: a table on the terminal, a page for the browser."""
