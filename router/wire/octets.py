"""What bytes hold, looked at where they lie, eight at a time: no slice is made for a look."""
from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

WORD_BYTES: Final = 8
# The same in each of eight bytes. Not as high as 2 ** 62: such constants are slow where compiled.
HIGH_BITS_DOWN_BY_2: Final = 0x2020202020202020
LOW_NIBBLES: Final = 0x0F0F0F0F0F0F0F0F
THREES: Final = 0x0303030303030303  # the high nibble of a digit
SIXES: Final = 0x0606060606060606  # added to a digit, that leaves its high nibble as it is
HEXADECIMAL: Final = bytes(byte in b"0123456789ABCDEF" for byte in range(256))


def are_ascii(data: bytes, start: i64, stop: i64) -> bool:
    """None is above 7F."""
    at = start
    while at + WORD_BYTES <= stop:
        if read_i64_le(data, at) >> 2 & HIGH_BITS_DOWN_BY_2:
            return False
        at += WORD_BYTES
    while at < stop:
        if data[at] > 0x7F:
            return False
        at += 1
    return True


def are_digits(data: bytes, start: i64, stop: i64) -> bool:
    """All are the characters 0 to 9, and there is one."""
    at = start
    while at + WORD_BYTES <= stop:
        word = read_i64_le(data, at)
        if word >> 4 & LOW_NIBBLES != THREES or (word + SIXES) >> 4 & LOW_NIBBLES != THREES:
            return False
        at += WORD_BYTES
    while at < stop:
        if data[at] < 0x30 or data[at] > 0x39:
            return False
        at += 1
    return start < stop


def are_hexadecimal(data: bytes, start: i64, stop: i64) -> bool:
    """All are the characters 0 to 9 and A to F, and there is one."""
    at = start
    while at < stop:
        if not HEXADECIMAL[data[at]]:
            return False
        at += 1
    return start < stop
