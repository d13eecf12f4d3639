"""A quick look at chip data (DE 55): is a card's number in it at all?

BER-TLV as EMV book 3, annex B has it. `specs.tlv` reads it in full.
"""
from typing import TYPE_CHECKING, Final

from router.wire.octets import has_one_of

if TYPE_CHECKING:
    from mypy_extensions import i64

PAN: Final = 0x5A
TRACK_2: Final = 0x57
CONSTRUCTED: Final = 0x20
MORE: Final = 0x80
LONG_TAG: Final = 0x1F


def may_name_card(data: bytes, start: "i64", stop: "i64") -> bool:
    """False: neither 5A nor 57 is in this part, nor a template that might hold one."""
    if not has_one_of(data, start, stop, PAN, TRACK_2):
        return False  # nor in a template: no such byte is there
    position = start
    while position < stop:
        first: i64 = data[position]
        position += 1
        if first == 0:
            continue  # filling
        if first in (PAN, TRACK_2) or first & CONSTRUCTED:
            return True
        if first & LONG_TAG == LONG_TAG:
            while position < stop and data[position] & MORE:
                position += 1
            position += 1
        if position >= stop:
            return False
        length: i64 = data[position]
        position += 1
        if length & MORE:
            count = length & 0x7F
            written = int.from_bytes(data[position:min(position + count, stop)], "big")
            if written > len(data):  # it may be too much for i64
                return False
            length = written
            position += count
        position += length
    return False
