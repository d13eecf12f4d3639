"""What bytes hold, looked at where they lie, eight at a time: no slice is made for a look."""
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i64_le
from mypy_extensions import i64, u8

WORD_BYTES: Final = 8
SHORT: Final = 64  # so many bytes are sooner written in words than cut out first
# The same in each of eight bytes. Not as high as 2 ** 62: such constants are slow where compiled.
HIGH_BITS_DOWN_BY_2: Final = 0x2020202020202020
LOW_NIBBLES: Final = 0x0F0F0F0F0F0F0F0F
THREES: Final = 0x0303030303030303  # the high nibble of a digit
EVEN_NIBBLES: Final = 0x000F000F000F000F  # low ones of the first byte, the third ...
ODD_NIBBLES: Final = 0x0F000F000F000F00
ONES: Final = 0x0101010101010101
SIXTEENS: Final = 0x1010101010101010
ZEROS: Final = 0x3030303030303030  # eight characters 0
HALF_WORD: Final = 0xFFFFFFFF
QUARTERS: Final = 0x0000FFFF0000FFFF
EVEN_BYTES: Final = 0x00FF00FF00FF00FF
SPACE: Final = 0x20
FIFTH_BITS: Final = 0x2020202020202020
MULTIPLIER: Final = 0x1E3779B97F4A7C15
BITS_61: Final = 0x1FFFFFFFFFFFFFFF
SIXES: Final = 0x0606060606060606  # added to a digit, that leaves its high nibble as it is
HEXADECIMAL: Final = bytes(byte in b"0123456789ABCDEF" for byte in range(256))


def are_ascii(data: bytes, start: i64, stop: i64) -> bool:
    """None is above 7F."""
    at = start
    while at + 4 * WORD_BYTES <= stop:
        several = read_i64_le(data, at) | read_i64_le(data, at + WORD_BYTES)
        several |= read_i64_le(data, at + 2 * WORD_BYTES) | read_i64_le(data, at + 3 * WORD_BYTES)
        if several >> 2 & HIGH_BITS_DOWN_BY_2:
            return False
        at += 4 * WORD_BYTES
    while at < stop and at + WORD_BYTES <= len(data):
        high: i64 = HIGH_BITS_DOWN_BY_2
        if at + WORD_BYTES > stop:
            high >>= 8 * (at + WORD_BYTES - stop)  # of the last word, what is before `stop`
        if read_i64_le(data, at) >> 2 & high:
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
    while at < stop and at + WORD_BYTES <= len(data):
        word = read_i64_le(data, at)
        low: i64 = LOW_NIBBLES
        threes: i64 = THREES
        if at + WORD_BYTES > stop:
            low >>= 8 * (at + WORD_BYTES - stop)  # of the last word, what is before `stop`
            threes &= low
        if word >> 4 & low != threes or (word + SIXES) >> 4 & low != threes:
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
    while at + WORD_BYTES <= stop:
        word = read_i64_le(data, at)
        values = (word & LOW_NIBBLES) + 9 * (word >> 6 & ONES)
        letters = (values + SIXES) >> 4 & ONES  # for each from A on
        if values & SIXTEENS or values + ZEROS + 7 * letters != word:
            return False
        at += WORD_BYTES
    while at < stop:
        if not HEXADECIMAL[data[at]]:
            return False
        at += 1
    return start < stop


def are_packed_digits(data: bytes, start: i64, stop: i64) -> bool:
    """All are two digits each, and there are some."""
    for at in range(start, stop):
        byte: i64 = data[at]
        if byte > 0x99 or byte & 0x0F > 9:
            return False
    return start < stop


def are_all_zero(data: bytes, start: i64, stop: i64) -> bool:
    """Of digits."""
    at = start
    while at + WORD_BYTES <= stop:
        if read_i64_le(data, at) & LOW_NIBBLES:
            return False
        at += WORD_BYTES
    while at < stop:
        if data[at] & 0x0F:
            return False
        at += 1
    return True


def small_number(data: bytes, start: i64, stop: i64) -> i64:
    """What up to eight digits say, -1 where one is none; `stop` is behind the eighth byte at least.

    Made of pairs, then of fours, then of both of these at once.
    """
    cut = 8 * (WORD_BYTES - (stop - start))
    word = read_i64_le(data, stop - WORD_BYTES) >> cut
    low = LOW_NIBBLES >> cut
    threes = THREES & low
    if word >> 4 & low != threes or (word + SIXES) >> 4 & low != threes:
        return -1
    digits = (word & low) << cut  # as if zeros stood before them
    pairs = digits * 10 + (digits >> 8) & EVEN_BYTES
    fours = pairs * 100 + (pairs >> 16) & QUARTERS
    return fours * 10_000 + (fours >> 32) & HALF_WORD


def luhn_sum(data: bytes, start: i64, stop: i64) -> i64:
    """Of digits: every second one doubled, from the right, and what is above 9 less 9."""
    doubled: i64 = EVEN_NIBBLES if (stop - start) & 1 == 0 else ODD_NIBBLES
    total: i64 = 0
    at = start
    while at + WORD_BYTES <= stop:
        digits = read_i64_le(data, at) & LOW_NIBBLES
        added = digits & doubled
        above_9 = (added + THREES) >> 3 & ONES  # for each from 5 on
        total += (digits + added - 9 * above_9) * ONES >> 56 & 0xFF  # all eight, in one byte
        at += WORD_BYTES
    while at < stop:
        digit: i64 = data[at] & 0x0F
        if (stop - at) & 1 == 0:
            digit = 2 * digit if digit < 5 else 2 * digit - 9
        total += digit
        at += 1
    return total


def are_same(data: bytes, start: i64, stop: i64, there: i64) -> bool:
    """The same bytes stand in another place, too, which is within the data."""
    at, other = start, there
    while at + WORD_BYTES <= stop:
        if read_i64_le(data, at) != read_i64_le(data, other):
            return False
        at += WORD_BYTES
        other += WORD_BYTES
    while at < stop:
        if data[at] != data[other]:
            return False
        at += 1
        other += 1
    return True


def has_one_of(data: bytes, start: i64, stop: i64, one: i64, other: i64) -> bool:
    """Is one of two bytes in this part?"""
    at = start
    ones, others = one * ONES, other * ONES
    while at + WORD_BYTES <= stop:
        word = read_i64_le(data, at)
        # A byte of 0 borrows: its highest bit is set afterwards, and was not before.
        first, second = word ^ ones, word ^ others
        if ((first - ONES & ~first) | (second - ONES & ~second)) >> 7 & ONES:
            return True
        at += WORD_BYTES
    while at < stop:
        if data[at] == one or data[at] == other:
            return True
        at += 1
    return False


def write_printable(there: BytesWriter, data: bytes, start: i64, stop: i64) -> None:
    """A part of the data, what is below 20 (hex) as a space: no control character gets there."""
    at = start
    written: i64 = len(there)
    size: i64 = len(data)
    last = min(size - WORD_BYTES + 1, stop)  # a word that begins before is within the data
    while at < last:
        word = read_i64_le(data, at)
        looked_at: i64 = FIFTH_BITS
        if at + WORD_BYTES > stop:
            looked_at >>= 8 * (at + WORD_BYTES - stop)  # the rest of the word is cut off again
        if (word | word >> 1) & looked_at != looked_at:
            break  # some byte has neither of the bits that each printable one in ASCII has
        write_i64_le(there, word)
        at += WORD_BYTES
    if at > stop:
        there.truncate(written + (stop - start))
        return
    while at < stop:
        byte = data[at]
        there.append(byte if byte >= SPACE else SPACE)
        at += 1


def write_part(there: BytesWriter, data: bytes, start: i64, stop: i64) -> None:
    """A part of the data as it stands there; of a short one no slice is made."""
    if stop - start > SHORT:
        there.write(data[start:stop])
        return
    at = start
    written: i64 = len(there)
    size: i64 = len(data)
    last = min(size - WORD_BYTES + 1, stop)  # a word that begins before is within the data
    while at < last:
        write_i64_le(there, read_i64_le(data, at))
        at += WORD_BYTES
    if at > stop:
        there.truncate(written + (stop - start))
        return
    while at < stop:
        there.append(data[at])
        at += 1


def write_hexadecimal(there: BytesWriter, data: bytes, start: i64, stop: i64) -> None:
    """Each byte as two characters, 0 to 9 and A to F: of four bytes at a time, eight."""
    at = start
    while at + 4 <= stop:
        pairs = i64(read_i32_le(data, at)) & HALF_WORD
        pairs = (pairs | pairs << 16) & QUARTERS
        pairs = (pairs | pairs << 8) & EVEN_BYTES  # each in the first of two bytes
        nibbles = pairs >> 4 & EVEN_NIBBLES | (pairs & EVEN_NIBBLES) << 8
        letters = (nibbles + SIXES) >> 4 & ONES  # for each from A on
        write_i64_le(there, nibbles + ZEROS + 7 * letters)
        at += 4
    while at < stop:
        byte: i64 = data[at]
        high, low = byte >> 4, byte & 0x0F
        there.append(u8(high + 0x30 if high < 10 else high + 0x37))
        there.append(u8(low + 0x30 if low < 10 else low + 0x37))
        at += 1


def hashed(seed: i64, data: bytes, start: i64, stop: i64) -> i64:
    """A hash of a part of the data, the same in both forms: of 61 bits, and not negative."""
    mixed = seed ^ (stop - start)
    at = start
    while at + WORD_BYTES <= stop:
        word = read_i64_le(data, at)
        mixed = (mixed ^ word ^ word >> 32) * MULTIPLIER & BITS_61
        mixed ^= mixed >> 29
        at += WORD_BYTES
    rest: i64 = 0
    if at < stop and stop - start >= WORD_BYTES:
        rest = read_i64_le(data, stop - WORD_BYTES)  # some of it a second time
    else:
        while at < stop:
            rest = rest << 8 | data[at]
            at += 1
    mixed = (mixed ^ rest ^ rest >> 32) * MULTIPLIER & BITS_61
    mixed = (mixed ^ mixed >> 31) * MULTIPLIER & BITS_61
    return mixed ^ mixed >> 32
