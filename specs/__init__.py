"""Dialects: what each peer's ISO 8583 looks like, as data, and what the standards say in words."""
