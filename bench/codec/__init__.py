"""The codec alone, against pyiso8583: `python -m bench.codec`. No socket, no file, one process."""
