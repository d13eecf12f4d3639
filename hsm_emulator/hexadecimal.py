"""Hexadecimal text as requests carry it."""
from binascii import Error, unhexlify

from hsm_emulator.errors import Code, Refused


def from_hexadecimal(text: bytes) -> bytes:
    """Return the bytes that `text` spells; blanks are no hexadecimal digits."""
    try:
        return unhexlify(text)
    except Error:
        raise Refused(Code.INPUT) from None


def in_hexadecimal(octets: bytes) -> bytes:
    """Return the upper-case digits of `octets`."""
    return octets.hex().upper().encode("ascii")
