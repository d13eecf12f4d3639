"""The shapes of one codec by their bitmaps.

Most messages have one of a few bitmaps. Those met last stand in slots before the dictionary, found
by the bitmap's eight-byte words as they lie in the message: no slice is made, no hash of bytes.
"""
from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from router.wire.shape import Shape

SHAPES_MAX: Final = 4096
SLOTS: Final = 256  # of one byte, into which the words are folded
WORD_BYTES: Final = 8


class Slot:
    """A bitmap and its shape; words behind a short bitmap are 0."""

    __slots__ = ("first", "fourth", "second", "shape", "third")

    def __init__(self, first: i64, second: i64, third: i64, fourth: i64, shape: Shape) -> None:
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
        self.shape = shape


class Shapes:
    __slots__ = ("_all", "_slots")

    def __init__(self) -> None:
        self._all: dict[bytes, Shape] = {}
        self._slots: list[Slot | None] = [None] * SLOTS

    def __len__(self) -> int:
        return len(self._all)

    def find(self, data: bytes, start: i64, width: i64) -> Shape | None:
        """Of the bitmap that stands there, of 8, 16 or 32 bytes; the data reach so far."""
        first = read_i64_le(data, start)
        second: i64 = 0
        third: i64 = 0
        fourth: i64 = 0
        if width > WORD_BYTES:
            second = read_i64_le(data, start + WORD_BYTES)
            if width > 2 * WORD_BYTES:
                third = read_i64_le(data, start + 2 * WORD_BYTES)
                fourth = read_i64_le(data, start + 3 * WORD_BYTES)
        place = folded(first ^ second ^ third ^ fourth)
        slot = self._slots[place]
        if (slot is not None and slot.first == first and slot.second == second
                and slot.third == third and slot.fourth == fourth):
            return slot.shape
        shape = self._all.get(data[start:start + width])
        if shape is not None:
            self._slots[place] = Slot(first, second, third, fourth, shape)
        return shape

    def keep(self, bitmap: bytes, shape: Shape) -> None:
        """While there is room."""
        if len(self._all) < SHAPES_MAX:
            self._all[bitmap] = shape


def folded(word: i64) -> i64:
    """Into one byte."""
    word ^= word >> 32
    word ^= word >> 16
    return (word ^ word >> 8) & 0xFF
