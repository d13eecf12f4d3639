"""Decisions. Time and all else from outside comes through ports. Start at authorization.py."""
