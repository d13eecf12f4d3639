"""Sockets, clock, files, logs: the only package of the router that does any I/O."""
