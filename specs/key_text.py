"""Keys as host commands and 162 messages write them: a tag, then digits or a key block.

Source: the table of tags in docs/hsm.md (U, X: double length; T, Y: triple; S, R: key blocks whose
header says how long they are). A delivered key is its cryptogram under the ZMK with its check value
behind it; that form is this house's (docs/session-keys.md).
"""

import re
from typing import Final

DIGITS: Final = {"U": 32, "X": 32, "T": 48, "Y": 48}
BLOCK: Final = re.compile(r"[SR][0-9A-Z]([0-9]{4})")
REST: Final = re.compile(r"[0-9A-Z]+")
KCV: Final = re.compile(r"[0-9A-F]{6}|[0-9A-F]{16}")


class OfferedKey:
    """What a peer delivers: the key under the ZMK, and its check value."""

    __slots__ = ("kcv", "under_zmk")

    def __init__(self, under_zmk: str, kcv: str) -> None:
        self.under_zmk = under_zmk
        self.kcv = kcv

    def text(self) -> str:
        """As it travels."""
        return self.under_zmk + self.kcv


def offered_key(text: str) -> OfferedKey | None:
    """Read from the message; None where it is no key and KCV."""
    under_zmk = key_at_start(text)
    kcv = text[len(under_zmk) :].rstrip()
    return OfferedKey(under_zmk, kcv) if under_zmk and KCV.fullmatch(kcv) else None


def key_at_start(text: str) -> str:
    """The key that the text begins with; empty where it begins with none."""
    digits = DIGITS.get(text[:1])
    if digits is not None:
        end = 1 + digits
    elif (block := BLOCK.match(text)) is not None:
        end = 1 + int(block[1])
    else:
        return ""
    key = text[:end]
    return key if len(key) == end and REST.fullmatch(key) is not None else ""


def is_key_block(key: str) -> bool:
    """Its header says what it is for."""
    return key[:1] in ("S", "R")
