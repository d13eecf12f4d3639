"""`noyau journal`: shows, finds, verifies and exports what the router recorded."""
