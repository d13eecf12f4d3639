"""The order in which a million BIN ranges are swept: by where they begin."""

from types import FunctionType
from typing import Final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

WORD_BYTES: Final = 8
WORD_BITS: Final = 64
DIGIT_BITS: Final = 11  # as many columns as there are digits fit a processor's nearest cache
DIGITS: Final = 1 << DIGIT_BITS
SIGN: Final = -(1 << 62) * 2  # turned over, numbers below 0 come before the others bit by bit


def in_order(lows: bytes) -> vec[i64]:
    """Numbers of the ranges; of two that begin at one place the earlier comes first."""
    if isinstance(sorted_by_digits, FunctionType):  # interpreted: comparing is faster
        return sorted_by_comparing(lows)
    return sorted_by_digits(lows)


def sorted_by_comparing(lows: bytes) -> vec[i64]:
    """As Python sorts."""
    count = len(lows) // WORD_BYTES
    keys = [read_i64_le(lows, at * WORD_BYTES) for at in range(count)]
    return vec[i64](sorted(range(count), key=keys.__getitem__))


def sorted_by_digits(lows: bytes) -> vec[i64]:
    """From the lowest digit to the highest, each time dealt into as many columns as there are
    digits: compiled ten times as fast as comparing, which looks all over the memory."""
    count: i64 = len(lows) // WORD_BYTES
    keys, dealt_keys = vec[i64]([0] * count), vec[i64]([0] * count)
    order, dealt_order = vec[i64]([0] * count), vec[i64]([0] * count)
    for at in range(count):
        keys[at] = read_i64_le(lows, at * WORD_BYTES) ^ SIGN
        order[at] = at
    shift: i64 = 0
    while shift < WORD_BITS:
        places = vec[i64]([0] * DIGITS)  # where the next of each digit goes
        for at in range(count):
            places[(keys[at] >> shift) & (DIGITS - 1)] += 1
        place = count
        for digit in range(DIGITS - 1, -1, -1):
            place -= places[digit]
            places[digit] = place
        for at in range(count):
            key = keys[at]
            its_digit: i64 = (key >> shift) & (DIGITS - 1)
            place = places[its_digit]
            places[its_digit] = place + 1
            dealt_keys[place] = key
            dealt_order[place] = order[at]
        keys, dealt_keys = dealt_keys, keys
        order, dealt_order = dealt_order, order
        shift += DIGIT_BITS
    return order
