"""Decisions. Time and everything else from outside comes through ports. Start at authorization.py."""
