"""Keys enciphered segment by segment under an LMK pair or a ZMK, with the variants of their scheme.

Scheme U (double length) and T (triple) change the first byte of the right half of the enciphering
key for each 8-byte segment; X, Y and untagged keys are plain ECB.
"""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import SecretKey

KEY_BYTES: Final = {b"U": 16, b"T": 24, b"X": 16, b"Y": 24, b"Z": 8}
_SEGMENT_VARIANTS: Final = {b"U": (0xA6, 0x5A), b"T": (0x6A, 0xDE, 0x2B)}


def enciphered(clear: bytes, under: bytes, scheme: bytes) -> bytes:
    """Return `clear` under the key `under`; the length must be the one the scheme is for."""
    if len(clear) != KEY_BYTES.get(scheme, len(clear)):
        raise Refused(Code.KEY_LENGTH)
    if scheme not in _SEGMENT_VARIANTS:
        return SecretKey(under).encrypt(clear)
    return b"".join(
        SecretKey(segment_key).encrypt(clear[8 * place : 8 * place + 8])
        for place, segment_key in enumerate(_segment_keys(under, scheme))
    )


def deciphered(cryptogram: bytes, under: bytes, scheme: bytes) -> bytes:
    """Undo `enciphered`."""
    if scheme not in _SEGMENT_VARIANTS:
        return SecretKey(under).decrypt(cryptogram)
    return b"".join(
        SecretKey(segment_key).decrypt(cryptogram[8 * place : 8 * place + 8])
        for place, segment_key in enumerate(_segment_keys(under, scheme))
    )


def _segment_keys(under: bytes, scheme: bytes) -> list[bytes]:
    """Return the key of each segment; a ZMK of single length has no right half to change."""
    if len(under) < 16:
        raise Refused(Code.KEY_SCHEME)
    return [
        under[:8] + bytes([under[8] ^ variant]) + under[9:] for variant in _SEGMENT_VARIANTS[scheme]
    ]
