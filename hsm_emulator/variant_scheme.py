"""Keys enciphered segment by segment under an LMK pair or a ZMK, with the variants of their scheme.

Scheme U (double length) and T (triple) change the first byte of the right half of the enciphering
key for each 8-byte segment; X, Y and untagged keys are plain ECB.
"""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import SecretKey

KEY_BYTES: Final = {b"U": 16, b"T": 24, b"X": 16, b"Y": 24, b"Z": 8}
_SEGMENT_VARIANTS: Final = {b"U": (0xA6, 0x5A), b"T": (0x6A, 0xDE, 0x2B)}
_SEGMENT: Final = 8


class Wrapping:
    """One enciphering key as one scheme uses it, with its contexts."""

    __slots__ = ("_key_bytes", "_segments", "_whole")

    def __init__(self, under: bytes, scheme: bytes) -> None:
        """Take the clear key; U and T change its right half, which a single-length ZMK lacks."""
        variants = _SEGMENT_VARIANTS.get(scheme, ())
        if variants and len(under) < 2 * _SEGMENT:
            raise Refused(Code.KEY_SCHEME)
        self._key_bytes = KEY_BYTES.get(scheme)
        self._whole = SecretKey(under)
        self._segments = [
            SecretKey(under[:8] + bytes([under[8] ^ variant]) + under[9:]) for variant in variants
        ]

    def enciphered(self, clear: bytes) -> bytes:
        """Return a clear key enciphered; the length must be the one the scheme is for."""
        if len(clear) != (self._key_bytes or len(clear)):
            raise Refused(Code.KEY_LENGTH)
        if not self._segments:
            return self._whole.encrypt(clear)
        parts = zip(self._segments, _cut(clear), strict=True)
        return b"".join([key.encrypt(segment) for key, segment in parts])

    def deciphered(self, cryptogram: bytes) -> bytes:
        """Undo `enciphered`."""
        if not self._segments:
            return self._whole.decrypt(cryptogram)
        parts = zip(self._segments, _cut(cryptogram), strict=True)
        return b"".join([key.decrypt(segment) for key, segment in parts])


def _cut(key: bytes) -> list[bytes]:
    return [key[at : at + _SEGMENT] for at in range(0, len(key), _SEGMENT)]
