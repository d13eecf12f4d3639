"""First digits of a PAN -> issuer. The longest match wins, then the higher priority.

Ranges are flattened into pieces that do not overlap (`bin_pieces`). A look-up is one search among
their starts: the first digits say between which of them, the digits behind those about where, and
halving does the rest. (Of a million pieces hardly any lies in the processor's cache: what costs
time is how many are looked at.) What it reads is packed in bytes: a million ranges are a few
objects, which the garbage collector does not walk, and which another process can hand over as they
are.
"""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le
from librt.vecs import vec
from mypy_extensions import i32, i64

from router.switching.bin_pieces import FACTS_IN_PIECE, NOBODY, PIECE_BYTES, Pieces
from router.switching.bin_ranges import (
    HALF,
    PAN_DIGITS_MAX,
    BinFacts,
    BinRange,
    BinRanges,
    bin_ranges,
)
from router.wire.octets import are_digits

__all__ = ["PAN_DIGITS_MAX", "BinFacts", "BinRange", "BinRanges", "BinTable", "PackedTable"]

# A place is made of the first 18 digits, which fit a machine's word in any form, and the last one.
HEAD_DIGITS: Final = PAN_DIGITS_MAX - 1
HALF_OF_HEADS: Final = HALF // 10
SCALES: Final = vec[i64]([10 ** (HEAD_DIGITS - digits) for digits in range(HEAD_DIGITS + 1)])
EIGHT: Final = 8  # digits in a word
DIGIT_IN_EACH: Final = 0x0F0F0F0F0F0F0F0F
PAIRS: Final = 0x00FF00FF00FF00FF
FOURS: Final = 0x0000FFFF0000FFFF
ALL_EIGHT: Final = 0xFFFFFFFF
PIECES_IN_GROUP: Final = 10
GROUP_DIGITS_MAX: Final = 6
GROUP_BYTES: Final = 4
FEW: Final = 16  # pieces that are halved at once
FIRST_STEP: Final = 4
STEP_GROWS: Final = 4
SHARES: Final = 1 << 16  # of a group


class PackedTable:
    """What a BinTable searches: little-endian numbers."""

    __slots__ = ("facts", "group_heads", "groups", "pieces")

    def __init__(
        self, pieces: bytes, groups: bytes, group_heads: int, facts: list[BinFacts]
    ) -> None:
        self.pieces = pieces
        self.groups = groups  # for each value of the first digits, the piece that begins there
        self.group_heads = group_heads  # so many heads in each
        self.facts = facts


class BinTable:
    """Built once from ranges, replaced whole at a reload."""

    __slots__ = ("_facts", "_group_heads", "_groups", "_pieces", "_share_heads")

    def __init__(self, ranges: Sequence[BinRange] | PackedTable) -> None:
        table = ranges if isinstance(ranges, PackedTable) else packed_few(ranges)
        self._pieces = table.pieces
        self._groups = table.groups
        self._group_heads: i64 = table.group_heads
        self._share_heads: i64 = table.group_heads // SHARES
        self._facts = table.facts

    def range_of(self, pan_digits: str) -> BinFacts | None:
        """What the range says that decides about this PAN."""
        digits = pan_digits.encode()
        return self.range_at(digits, 0, len(digits))

    def range_at(self, text: bytes, start: i64, stop: i64) -> BinFacts | None:
        """The same of a PAN that stands in a text."""
        number = self.number_at(text, start, stop)
        return self._facts[number] if number != NOBODY else None

    def number_at(self, text: bytes, start: i64, stop: i64) -> i64:
        """Of the facts that hold there; NOBODY: there is no range."""
        size = stop - start
        head_end = start + min(size, HEAD_DIGITS)
        head = number_in(text, start, head_end)
        last: i64 = 0
        if size < HEAD_DIGITS:
            head *= SCALES[size]
        elif size > HEAD_DIGITS:
            last = number_in(text, head_end, head_end + 1)
        place: i64 = (head - HALF_OF_HEADS) * 10 + last
        group = head // self._group_heads
        low = i64(read_i32_le(self._groups, group * GROUP_BYTES))
        high = i64(read_i32_le(self._groups, (group + 1) * GROUP_BYTES))
        pieces = self._pieces
        if high - low > FEW:
            share = (head - group * self._group_heads) // self._share_heads
            guess = min(low + (high - low) * share // SHARES, high - 1)
            low, high = around(pieces, place, low, high, guess)
        while low < high:
            middle = (low + high) >> 1
            if read_i64_le(pieces, middle * PIECE_BYTES) <= place:
                low = middle + 1
            else:
                high = middle
        return i64(read_i32_le(pieces, (low - 1) * PIECE_BYTES + FACTS_IN_PIECE)) if low else NOBODY


def around(pieces: bytes, place: i64, low: i64, high: i64, guess: i64) -> tuple[i64, i64]:
    """Between which of them the first is that begins behind a place: in growing steps away from a
    guess, so that a bad one costs no more than halving twice."""
    step: i64 = FIRST_STEP
    if read_i64_le(pieces, guess * PIECE_BYTES) <= place:
        low = guess + 1
        while low + step < high and read_i64_le(pieces, (low + step) * PIECE_BYTES) <= place:
            low += step + 1
            step *= STEP_GROWS
        return low, min(low + step, high)
    high = guess
    while high - step > low and read_i64_le(pieces, (high - step) * PIECE_BYTES) > place:
        high -= step
        step *= STEP_GROWS
    return max(low, high - step), high


def number_in(text: bytes, start: i64, stop: i64) -> i64:
    """At most eighteen digits; raises ValueError for anything else."""
    if start < stop and not are_digits(text, start, stop):
        raise ValueError("no digits")
    number: i64 = 0
    at = start
    while at + EIGHT <= stop:
        number = number * 100_000_000 + eight_in(text, at)
        at += EIGHT
    while at < stop:
        number = number * 10 + (text[at] & 0x0F)
        at += 1
    return number


def eight_in(text: bytes, at: i64) -> i64:
    """Eight digits: in one word, two beside each other make one of a hundred, and so on."""
    word = read_i64_le(text, at) & DIGIT_IN_EACH
    word = (word * (10 << 8 | 1) >> 8) & PAIRS
    word = (word * (100 << 16 | 1) >> 16) & FOURS
    return (word * (10_000 << 32 | 1) >> 32) & ALL_EIGHT


def packed_few(ranges: Sequence[BinRange]) -> PackedTable:
    columns = bin_ranges(ranges)
    return packed(columns, columns.pieces())


def packed(columns: BinRanges, pieces: Pieces) -> PackedTable:
    digits = 1
    while digits < GROUP_DIGITS_MAX and 10**digits * PIECES_IN_GROUP < pieces.count:
        digits += 1
    group_heads = 10 ** (HEAD_DIGITS - digits)
    records = pieces.writer.getvalue()
    groups = BytesWriter()
    count = pieces.count
    piece: i64 = 0
    for bound in range(-HALF, HALF + 1, group_heads * 10):
        while piece < count and read_i64_le(records, piece * PIECE_BYTES) < bound:
            piece += 1
        write_i32_le(groups, i32(piece))
    return PackedTable(records, groups.getvalue(), group_heads, columns.facts)


def deciding(ranges: Sequence[BinRange], pan_digits: str) -> BinRange | None:
    """Which of a few ranges decides about this PAN: the table says, made with facts for each."""
    columns = bin_ranges(ranges)
    each = [columns.facts[number] for number in columns.facts_numbers()]
    numbered = BytesWriter()
    for number in range(len(ranges)):
        write_i32_le(numbered, i32(number))
    columns = BinRanges(columns.lows, columns.ends, columns.widths, numbered.getvalue(), each)
    digits = pan_digits.encode()
    found = BinTable(packed(columns, columns.pieces())).number_at(digits, 0, len(digits))
    return ranges[found] if found != NOBODY else None
