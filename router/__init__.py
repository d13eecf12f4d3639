"""The router daemon. Read on in `router/switching/authorization.py`: the life of one authorization.

`wire` turns bytes into messages, `switching` decides, `net` holds the sockets, files and clocks.
"""
