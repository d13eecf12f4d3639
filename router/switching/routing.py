"""First digits of a PAN -> issuer. The longest match wins, then the higher priority.

Ranges are flattened into pieces that do not overlap (`bin_pieces`). A look-up is one search among
their starts: the first digits say between which of them, halving does the rest. What it reads is
packed in bytes: a million ranges are a few objects, which the garbage collector does not walk, and
which another process can hand over as they are.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from librt.strings import read_i32_le, read_i64_le

from router.switching.bin_pieces import NOBODY, Pieces
from router.switching.bin_ranges import (
    HALF,
    PAN_DIGITS_MAX,
    BinFacts,
    BinRange,
    BinRanges,
    bin_ranges,
)

if TYPE_CHECKING:
    from mypy_extensions import i64

__all__ = ["PAN_DIGITS_MAX", "BinFacts", "BinRange", "BinRanges", "BinTable", "PackedTable"]

# A place is made of the first 18 digits, which fit a machine's word in any form, and the last one.
HEAD_DIGITS: Final = PAN_DIGITS_MAX - 1
HALF_OF_HEADS: Final = HALF // 10
SCALES: Final = tuple(10 ** (HEAD_DIGITS - digits) for digits in range(HEAD_DIGITS + 1))
RECORD_BYTES: Final = 16  # a piece: start, number of its facts, number of its range
FACTS_AT: Final = 8
RANGE_AT: Final = 12
PIECES_IN_GROUP: Final = 10
GROUP_DIGITS_MAX: Final = 5


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
        head: i64
        last: i64 = 0
        if len(pan_digits) <= HEAD_DIGITS:
            head = int(pan_digits) * SCALES[len(pan_digits)]
        else:
            head = int(pan_digits[:HEAD_DIGITS])
            last = int(pan_digits[HEAD_DIGITS])
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


def packed_few(ranges: Sequence[BinRange]) -> PackedTable:
    columns = bin_ranges(ranges)
    return packed(columns, columns.pieces())


def packed(columns: BinRanges, pieces: Pieces) -> PackedTable:
    digits = 1
    while digits < GROUP_DIGITS_MAX and 10**digits * PIECES_IN_GROUP < len(pieces.starts):
        digits += 1
    group_heads = 10 ** (HEAD_DIGITS - digits)
    starts = array("q", pieces.starts)
    bounds = range(-HALF, HALF + 1, group_heads * 10)
    groups = array("q", [bisect_left(starts, bound) for bound in bounds])
    facts_at = [*columns.facts_at, NOBODY]  # NOBODY's place is the last one
    halves = array("i", starts.tobytes())
    records = array("i", bytes(len(starts) * RECORD_BYTES))
    records[0::4] = halves[0::2]
    records[1::4] = halves[1::2]
    records[2::4] = array("i", map(facts_at.__getitem__, pieces.owners))
    records[3::4] = array("i", pieces.owners)
    return PackedTable(little_endian(records), little_endian(groups), group_heads, columns.facts)


def little_endian(column: "array[int]") -> bytes:
    """The halves of a big-endian start are the wrong way round, too: swapped as a whole."""
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()
