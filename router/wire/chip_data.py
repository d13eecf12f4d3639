"""A quick look at chip data (DE 55): is a card's number in it at all?

BER-TLV as EMV book 3, annex B has it. `specs.tlv` reads it in full.
"""
from typing import Final

PAN: Final = 0x5A
TRACK_2: Final = 0x57
CONSTRUCTED: Final = 0x20
MORE: Final = 0x80
LONG_TAG: Final = 0x1F


def may_name_card(data: bytes) -> bool:
    """False: neither 5A nor 57 is in it, nor a template that might hold one."""
    position, size = 0, len(data)
    while position < size:
        first = data[position]
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
        length = data[position]
        position += 1
        if length & MORE:
            count = length & 0x7F
            length = int.from_bytes(data[position:position + count], "big")
            position += count
        position += length
    return False
