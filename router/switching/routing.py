"""First digits of a PAN -> issuer. The longest match wins, then the higher priority.

Ranges are flattened into pieces that do not overlap (`bin_pieces`). A look-up is one search among
their starts: the first digits say between which of them, halving does the rest. What it reads is
packed in bytes: a million ranges are a few objects, which the garbage collector does not walk, and
which another process can hand over as they are.
"""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from router.switching.bin_pieces import FACTS_AT, NOBODY, RANGE_AT, RECORD_BYTES, Pieces
from router.switching.bin_ranges import (
    HALF,
    PAN_DIGITS_MAX,
    BinFacts,
    BinRange,
    BinRanges,
    bin_ranges,
)

__all__ = ["PAN_DIGITS_MAX", "BinFacts", "BinRange", "BinRanges", "BinTable", "PackedTable"]

# A place is made of the first 18 digits, which fit a machine's word in any form, and the last one.
HEAD_DIGITS: Final = PAN_DIGITS_MAX - 1
HALF_OF_HEADS: Final = HALF // 10
SCALES: Final = vec[i64]([10 ** (HEAD_DIGITS - digits) for digits in range(HEAD_DIGITS + 1)])
PIECES_IN_GROUP: Final = 10
GROUP_DIGITS_MAX: Final = 6


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

    __slots__ = ("_facts", "_group_heads", "_groups", "_pieces")

    def __init__(self, ranges: Sequence[BinRange] | PackedTable) -> None:
        table = ranges if isinstance(ranges, PackedTable) else packed_few(ranges)
        self._pieces = table.pieces
        self._groups = table.groups
        self._group_heads: i64 = table.group_heads
        self._facts = table.facts

    def range_of(self, pan_digits: str) -> BinFacts | None:
        """What the range says that decides about this PAN."""
        record = self._record_of(pan_digits)
        number = read_i32_le(self._pieces, record + FACTS_AT) if record >= 0 else NOBODY
        return self._facts[number] if number >= 0 else None

    def number_of(self, pan_digits: str) -> int:
        """Which range that is, as they stand in their sequence; below 0: none."""
        record = self._record_of(pan_digits)
        return read_i32_le(self._pieces, record + RANGE_AT) if record >= 0 else NOBODY

    def _record_of(self, pan_digits: str) -> int:
        """Where the last piece is that begins at this PAN or before it."""
        size: i64 = len(pan_digits)
        head = number_in(pan_digits, 0, min(size, HEAD_DIGITS))
        last: i64 = 0
        if size < HEAD_DIGITS:
            head *= SCALES[size]
        elif size > HEAD_DIGITS:
            last = number_in(pan_digits, HEAD_DIGITS, PAN_DIGITS_MAX)
        place: i64 = (head - HALF_OF_HEADS) * 10 + last
        group: i64 = head // self._group_heads * 8
        low = read_i64_le(self._groups, group)
        high = read_i64_le(self._groups, group + 8)
        pieces = self._pieces
        while low < high:
            middle = (low + high) >> 1
            if read_i64_le(pieces, middle * RECORD_BYTES) <= place:
                low = middle + 1
            else:
                high = middle
        return (low - 1) * RECORD_BYTES


def number_in(digits: str, start: i64, stop: i64) -> i64:
    """At most eighteen of them; raises ValueError for anything else."""
    number: i64 = 0
    for at in range(start, stop):
        digit = i64(ord(digits[at])) - 0x30
        if digit < 0 or digit > 9:
            raise ValueError("no digits")
        number = number * 10 + digit
    return number


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
        while piece < count and read_i64_le(records, piece * RECORD_BYTES) < bound:
            piece += 1
        write_i64_le(groups, piece)
    return PackedTable(records, groups.getvalue(), group_heads, columns.facts)
