"""A quick look at chip data (DE 55): is a card's number in it at all?

BER-TLV as EMV book 3, annex B has it. `specs.tlv` reads it in full.
"""
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64

PAN: Final = 0x5A
TRACK_2: Final = 0x57
CONSTRUCTED: Final = 0x20
MORE: Final = 0x80
LONG_TAG: Final = 0x1F


def may_name_card(data: bytes) -> bool:
    """False: neither 5A nor 57 is in it, nor a template that might hold one."""
    position: i64 = 0
    size: i64 = len(data)
    while position < size:
        first: i64 = data[position]
        position += 1
        if first == 0:
            continue  # filling
        if first in (PAN, TRACK_2) or first & CONSTRUCTED:
            return True
        if first & LONG_TAG == LONG_TAG:
            while position < size and data[position] & MORE:
                position += 1
            position += 1
        if position >= size:
            return False
        length: i64 = data[position]
        position += 1
        if length & MORE:
            count = length & 0x7F
            written = int.from_bytes(data[position:position + count], "big")
            if written > len(data):  # not `size`: it may be too much for i64
                return False
            length = written
            position += count
        position += length
    return False
