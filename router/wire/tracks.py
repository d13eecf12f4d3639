"""A quick look at track 2 (DE 35): does it begin with the card's number as DE 2 has it?"""
from typing import Final

from mypy_extensions import i64

from router.wire.element import DIGITS, TEXT
from router.wire.message import Message
from router.wire.octets import are_digits, are_packed_digits, are_same

PAN: Final = 2
TRACK_2: Final = 35
EQUALS: Final = 0x3D
NIBBLE_D: Final = 0xD


def is_track_of_card(message: Message) -> bool:
    """Digits of DE 2, the separator, the rest. False: that may be so all the same."""
    pan, track = message.shape.places[PAN], message.shape.places[TRACK_2]
    if pan is None or track is None:
        return False
    data, ends, reading = message.data, message.ends, pan.element.reading
    start, stop = pan.start_in(ends), pan.stop_in(ends)
    there = track.start_in(ends)
    separator: i64 = there + (stop - start)
    if reading != track.element.reading or separator >= track.stop_in(ends):
        return False
    if not are_same(data, start, stop, there):
        return False
    if reading == TEXT:
        return are_digits(data, start, stop) and data[separator] == EQUALS
    is_even = reading == DIGITS and not message.is_odd(pan) and not message.is_odd(track)
    return is_even and are_packed_digits(data, start, stop) and data[separator] >> 4 == NIBBLE_D
