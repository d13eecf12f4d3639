"""Issuer hosts: accounts, holds and PIN checks behind ISO 8583 lines, one process per bank."""
