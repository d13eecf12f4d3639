"""Optional blocks of a key block's header: identifier, length, text (ANSI X9.143, TR-31).

Two characters of identifier, two hexadecimal digits of length (all of the block counted), the text.
Length 00 is followed by the number of bytes that the real length takes, then by that length. A
block PB at the end pads the header to whole cipher blocks.
"""
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused

PADDING: Final = "PB"
_MOST: Final = 99
_HEAD: Final = 4  # identifier and length
_HEXADECIMAL: Final = frozenset("0123456789ABCDEFabcdef")


@dataclass(frozen=True, slots=True)
class OptionalBlock:
    """One block: its identifier and its text, both as they stand."""

    identifier: str
    text: str


def read(header: str, count: int, at: int) -> tuple[tuple[OptionalBlock, ...], int]:
    """Return `count` blocks from `at` on, and where they end; the padding block is left out."""
    found: list[OptionalBlock] = []
    for place in range(count):
        block, at = _read_one(header, at)
        if block.identifier == PADDING:
            if place != count - 1:
                raise Refused(Code.OPTIONAL_BLOCK_TYPE)
            break
        if any(block.identifier == other.identifier for other in found):
            raise Refused(Code.OPTIONAL_BLOCK_REPEATED)
        found.append(block)
    return tuple(found), at


def listed(text: str) -> tuple[OptionalBlock, ...]:
    """Return the blocks of a request: two digits of count, then so many blocks and no more."""
    if not text:
        return ()
    if len(text) < 2 or not text[:2].isdecimal():
        raise Refused(Code.INPUT)
    found, end = read(text, int(text[:2]), 2)
    if end != len(text):
        raise Refused(Code.OPTIONAL_BLOCKS)
    return found


def written(blocks: Sequence[OptionalBlock], multiple: int) -> tuple[int, str]:
    """Return the number of blocks and their text, padded to a multiple of the cipher's block."""
    text = "".join(map(_written_one, blocks))
    count = len(blocks)
    lacking = -len(text) % multiple
    if lacking:
        lacking += multiple if lacking < _HEAD else 0
        text += f"{PADDING}{lacking:02X}" + "0" * (lacking - _HEAD)
        count += 1
    if count > _MOST:
        raise Refused(Code.OPTIONAL_BLOCKS)
    return count, text


def _read_one(header: str, at: int) -> tuple[OptionalBlock, int]:
    identifier, length = header[at : at + 2], _number(header[at + 2 : at + 4])
    head = _HEAD
    if length == 0:
        digits = 2 * _number(header[at + 4 : at + 6])
        if not 2 <= digits <= 4:
            raise Refused(Code.OPTIONAL_BLOCKS)
        head = 6 + digits
        length = _number(header[at + 6 : at + head], digits)
    end = at + length
    text = header[at + head : end]
    if length < head or end > len(header) or not text.isprintable():
        raise Refused(Code.OPTIONAL_BLOCKS)
    if not (identifier.isalnum() and identifier.isascii()):
        raise Refused(Code.OPTIONAL_BLOCK_TYPE)
    return OptionalBlock(identifier, text), end


def _written_one(block: OptionalBlock) -> str:
    length = _HEAD + len(block.text)
    if length <= 0xFF:
        return f"{block.identifier}{length:02X}{block.text}"
    return f"{block.identifier}0002{length + 6:04X}{block.text}"


def _number(text: str, width: int = 2) -> int:
    if len(text) != width or not _HEXADECIMAL.issuperset(text):
        raise Refused(Code.OPTIONAL_BLOCKS)
    return int(text, 16)
