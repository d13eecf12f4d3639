"""The layout that all messages with one bitmap share.

Two messages with the same bitmap differ only in the lengths of their variable elements. So a bitmap
is laid out once, as a Shape: the message falls into segments, each ended by a variable element, and
every element stands at a known distance from the end of the variable element before it. A scan has
only the variable lengths left to read; an element is found by one addition.
"""
from collections.abc import Mapping
from typing import Final

from librt.vecs import vec
from mypy_extensions import i16, i32, i64

from router.wire.element import BYTES, DIGITS, SIGNED_DIGITS, TEXT, Element

PLANS_MAX: Final = 4096  # of one thing done to messages, by shape; beyond that each is planned anew


class Place:
    """Where an element stands: so many bytes after the end of the variable element before it."""

    __slots__ = ("element", "offset", "segment", "size")

    def __init__(self, element: Element, segment: i64, offset: i64, size: i64) -> None:
        self.element = element
        self.segment = segment
        self.offset = offset
        self.size = size  # -1: variable, up to the end of its segment

    def start_in(self, ends: vec[i64]) -> i64:
        """Where it begins in a message; its length prefix, if any, lies right before it."""
        return ends[self.segment] + self.offset

    def stop_in(self, ends: vec[i64]) -> i64:
        if self.size < 0:
            return ends[self.segment + 1]
        return ends[self.segment] + self.offset + self.size


class Extent:
    """A part that all messages of a shape have: from one place to the end of the same or another.

    It begins with the length prefix, or with the content.
    """

    __slots__ = ("start", "start_segment", "stop", "stop_segment")

    def __init__(self, place: Place, with_prefix: bool) -> None:
        self.start_segment: i64 = place.segment
        self.start: i64 = place.offset
        if with_prefix:
            self.start -= place.element.prefix_bytes
        self.stop_segment: i64 = 0
        self.stop: i64 = 0
        self.reach(place)

    def reach(self, place: Place) -> None:
        """Up to the end of this one."""
        if place.size < 0:
            self.stop_segment = place.segment + 1
            self.stop = 0
        else:
            self.stop_segment = place.segment
            self.stop = place.offset + place.size

    def ends_before(self, place: Place) -> bool:
        """This content begins where the part ends."""
        return place.segment == self.stop_segment and place.offset == self.stop

    def start_in(self, ends: vec[i64]) -> i64:
        """Where it begins in a message."""
        return ends[self.start_segment] + self.start

    def stop_in(self, ends: vec[i64]) -> i64:
        return ends[self.stop_segment] + self.stop


class Variable:
    """A variable element on the way through a scan."""

    __slots__ = ("element", "gap", "is_filled_up")

    def __init__(self, element: Element, gap: i64) -> None:
        self.element = element
        self.gap = gap  # from the end of the one before, or of the bitmap, to its content
        self.is_filled_up: bool = element.counts_nibbles


class Shape:
    __slots__ = ("blank", "code", "code_word", "complete", "filled_up", "in_digits", "is_complete",
                 "judged_mti", "mti", "mti_word", "numbers", "places", "tail_bytes", "texts",
                 "variables")

    def __init__(self, numbers: list[int], elements: Mapping[int, Element]) -> None:
        self.numbers = numbers
        self.blank = dict.fromkeys(numbers, "")  # to copy and fill in: a dictionary grown already
        self.in_digits: i64 = 0  # elements whose texts are hexadecimal digits of their bytes
        self.code = ""  # DE 39 of the message that was asked for it last,
        self.code_word: i16 = 0  # and how that is written
        self.mti = ""  # of the message that was read last
        self.mti_word: i32 = 0  # how that begins behind its header
        self.places: list[Place | None] = [None] * 129
        self.variables: list[Variable] = []
        self.filled_up: list[Place] = []  # of fixed length, with an odd number of digits
        self.complete: dict[str, bool] = {}  # by MTI: everything mandatory is there
        self.judged_mti = ""  # the one that was asked for last, and what was said
        self.is_complete = False
        offset: i64 = 0
        segment: i64 = 0
        for number in numbers:
            element = elements[number]
            if element.reading in (DIGITS, BYTES):
                self.in_digits += 1
            if element.prefix_bytes:
                self.variables.append(Variable(element, offset + element.prefix_bytes))
                self.places[number] = Place(element, segment, offset + element.prefix_bytes, -1)
                segment += 1
                offset = 0
                continue
            place = Place(element, segment, offset, element.fixed_bytes)
            self.places[number] = place
            if element.counts_nibbles and element.units_max & 1:
                self.filled_up.append(place)
            offset += element.fixed_bytes
        self.tail_bytes: i64 = offset
        self.texts = self._texts()

    def _texts(self) -> list[Extent]:
        """What holds ASCII where it is sound; what stands together is one."""
        found: list[Extent] = []
        is_open = False
        for number in self.numbers:
            place = self.places[number]
            assert place is not None
            element = place.element
            is_text = element.reading == TEXT
            if is_text and is_open and element.has_ascii_prefix:
                found[-1].reach(place)
            elif is_text:
                found.append(Extent(place, with_prefix=False))
            elif element.reading == SIGNED_DIGITS and place.size > 0:
                found.append(Extent(Place(element, place.segment, place.offset, 1), False))
            is_open = is_text
        return found
