"""Attributes as a request states them: behind `#` for a key to be kept, behind `&` for one sent.

Four shapes, told apart by the command. Behind every shape may stand two digits of count and so
many optional blocks.
"""
from typing import Final

from hsm_emulator import optional_blocks
from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_block import Attributes, check_attributes
from hsm_emulator.key_usages import changed_usage, usage_of_type, usual_mode
from hsm_emulator.secret_key import AES_, DES, TDES

_ALGORITHMS: Final = {
    "D1": (DES, 8), "T1": (TDES, 8), "T2": (TDES, 16), "T3": (TDES, 24),
    "A1": (AES_, 16), "A2": (AES_, 24), "A3": (AES_, 32),
}  # fmt: skip


def of_new_key(text: bytes) -> tuple[Attributes, int]:
    """Read usage, algorithm with length, mode, version, exportability; return the bytes too."""
    asked = text.decode("latin-1")
    if len(asked) < 8:
        raise Refused(Code.INPUT)
    if asked[2:4] not in _ALGORITHMS:
        raise Refused(Code.KEY_ALGORITHM)
    algorithm, key_bytes = _ALGORITHMS[asked[2:4]]
    return _checked(asked[:2], algorithm, asked[4], asked[5:7], asked[7], asked[8:]), key_bytes


def of_key_without_block(text: bytes) -> Attributes:
    """Read usage, mode, version, exportability: of a TDES key that comes in a variant scheme."""
    asked = text.decode("latin-1")
    if len(asked) < 6:
        raise Refused(Code.INPUT)
    return _checked(asked[:2], TDES, asked[2], asked[3:5], asked[5], asked[6:])


def of_key_type(key_type: bytes, text: bytes) -> Attributes:
    """Read the same for a key of a variant LMK that leaves in a block; alone, the usual ones."""
    if not text:
        usage = usage_of_type(key_type)
        return Attributes(usage, TDES, usual_mode(usage), "00", "E")
    asked = of_key_without_block(text)
    usage_of_type(key_type, asked.usage)
    return asked


def of_formed_key(components: Attributes, text: bytes) -> Attributes:
    """Read version and optional blocks; the rest is what the components say."""
    asked = text.decode("latin-1") or "00"
    if len(asked) < 2:
        raise Refused(Code.INPUT)
    return _checked(
        components.usage, components.algorithm, components.mode, asked[:2],
        components.exportability, asked[2:],
    )  # fmt: skip


def of_received_block(received: Attributes, text: bytes) -> Attributes:
    """Read usage and optional blocks; those of a TR-31 block do not mean the same here."""
    asked = text.decode("latin-1")
    if asked and len(asked) < 2:
        raise Refused(Code.INPUT)
    return _checked(
        changed_usage(received.usage, asked[:2]), received.algorithm, received.mode,
        received.key_version, received.exportability, asked[2:],
    )  # fmt: skip


def _checked(
    usage: str, algorithm: str, mode: str, version: str, exportability: str, blocks: str
) -> Attributes:
    found = Attributes(
        usage, algorithm, mode, version, exportability, optional=optional_blocks.listed(blocks)
    )
    check_attributes(found)
    return found
