"""Host commands about session keys as bytes, and their answers read: A0 makes one, A6 imports one.

A frame is as in `hsm_frames`. Under a variant LMK a key has a type (001 ZPK, 002 TPK), under a key
block LMK attributes; which of the two it is the ZMK tells.
"""

from typing import Final

from router.wire.hsm_frames import BODY, MalformedAnswer
from specs.key_text import is_key_block, key_at_start

KEY_TYPES: Final = {"zpk": "001", "tpk": "002"}
PIN_KEY_ATTRIBUTES: Final = {False: "#P0T2B00E00", True: "#P0A1B00E00"}  # TDES, AES
KCV_DIGITS: Final = 6


def make_key(kind: str, zmk_under_lmk: str, scheme: str, is_aes: bool) -> bytes:
    """A0, mode 1: a random PIN key, under the LMK and in this scheme under the ZMK."""
    if is_key_block(zmk_under_lmk):
        attributes = PIN_KEY_ATTRIBUTES[is_aes]
        return f"A01FFFS;0{zmk_under_lmk}{scheme}{attributes}".encode()
    return f"A01{KEY_TYPES[kind]}U;0{zmk_under_lmk}{scheme}".encode()


def import_key(kind: str, zmk_under_lmk: str, under_zmk: str) -> bytes:
    """A6: a key that a peer delivered."""
    if is_key_block(zmk_under_lmk):
        return f"A6FFF{zmk_under_lmk}{under_zmk}S".encode()
    scheme = "T" if under_zmk[:1] in ("T", "Y") else "U"
    return f"A6{KEY_TYPES[kind]}{zmk_under_lmk}{under_zmk}{scheme}".encode()


def made_key(frame: bytes) -> tuple[str, str, str]:
    """Of an accepted A0: the key under the LMK, under the ZMK, and its KCV."""
    text = frame[BODY:].decode("latin-1")
    under_lmk = key_at_start(text)
    under_zmk = key_at_start(text[len(under_lmk) :])
    kcv = text[len(under_lmk) + len(under_zmk) :]
    if not under_lmk or not under_zmk or len(kcv) != KCV_DIGITS:
        raise MalformedAnswer("a key under the LMK, the same under the ZMK, six digits of KCV")
    return under_lmk, under_zmk, kcv


def imported_key(frame: bytes) -> tuple[str, str]:
    """Of an accepted A6: the key under the LMK, and its KCV."""
    text = frame[BODY:].decode("latin-1")
    under_lmk = key_at_start(text)
    kcv = text[len(under_lmk) :]
    if not under_lmk or len(kcv) != KCV_DIGITS:
        raise MalformedAnswer("a key under the LMK, six digits of KCV")
    return under_lmk, kcv
