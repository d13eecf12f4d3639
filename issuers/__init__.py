"""Issuer hosts: accounts, holds and PIN checks behind ISO 8583 lines. One program, run once per bank."""
