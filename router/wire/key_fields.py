"""Keys as host commands and peers write them: a tag, then digits or a key block.

Source: the table of tags in docs/hsm.md (U, X: double length; T, Y: triple; S, R: key blocks whose
header says how long they are).
"""

import re
from typing import Final

DIGITS: Final = {"U": 32, "X": 32, "T": 48, "Y": 48}
BLOCK: Final = re.compile(r"[SR][0-9A-Z]([0-9]{4})")
REST: Final = re.compile(r"[0-9A-Z]+")


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
