"""Ranges that may lie in and across one another -> pieces that do not, each with the range that
decides there: one sweep over them in the order of their first PANs.

A rank is what decides between two ranges that hold the same PAN: digits, then priority. Of equal
ranks the earlier range decides; that they overlap at all is told (a file of ranges refuses it).
"""

import sys
from array import array
from bisect import insort
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le
from mypy_extensions import i32, i64

NOBODY: Final = -1
UNDER_MAX: Final = 64  # ranges below the one that decides; beyond it those that ended are dropped
RECORD_BYTES: Final = 16  # a piece: start, number of its facts, number of its range
FACTS_AT: Final = 8
RANGE_AT: Final = 12

Under = tuple[int, int, int]  # may decide later: rank, -number, end


class Pieces:
    """From each start on the range of that number decides; NOBODY: there is none."""

    __slots__ = ("count", "last", "ranks_clash", "writer")

    def __init__(self) -> None:
        self.writer = BytesWriter()  # a record for each
        self.count: i64 = 0
        self.last: i64 = 0  # where the last one begins
        self.ranks_clash: bool = False  # ranges of equal rank overlap somewhere

    def add(self, start: i64, owner: i64, facts: i64) -> None:
        """What began at the same place is empty, and goes."""
        if self.count and self.last == start:
            self.count -= 1
            self.writer.truncate(self.count * RECORD_BYTES)
        write_i64_le(self.writer, start)
        write_i32_le(self.writer, i32(facts))
        write_i32_le(self.writer, i32(owner))
        self.count += 1
        self.last = start


def flattened(
    lows: "array[int]", ends: "array[int]", ranks: "array[int]", facts_at: "array[int]"
) -> Pieces:
    """Of ranges from their low to just before their end."""
    pieces = Pieces()
    every_low, every_end = little_endian(lows), little_endian(ends)
    every_rank, every_facts = little_endian(ranks), little_endian(facts_at)
    under: list[Under] = []  # the best last
    owner: i64 = NOBODY  # the one that decides
    rank: i64 = 0
    end: i64 = 0
    behind: i64 = max(ends, default=0)
    for number in [*sorted(range(len(lows)), key=lows.tolist().__getitem__), NOBODY]:
        place: i64 = number
        low = read_i64_le(every_low, place * 8) if place >= 0 else behind
        while owner != NOBODY and end <= low:
            ended_at = end
            owner = NOBODY
            while under and owner == NOBODY:
                next_rank, minus, next_end = under.pop()
                if next_end > ended_at:
                    owner, rank, end = -minus, next_rank, next_end
            facts = i64(read_i32_le(every_facts, owner * 4)) if owner >= 0 else i64(NOBODY)
            pieces.add(ended_at, owner, facts)
        if place == NOBODY:
            break
        its_rank = i64(read_i32_le(every_rank, place * 4))
        its_end = read_i64_le(every_end, place * 8)
        if owner != NOBODY:
            if its_rank == rank or holds(under, its_rank, low):
                pieces.ranks_clash = True
            if rank > its_rank or (rank == its_rank and owner < place):
                insort(under, (its_rank, -place, its_end))
                if len(under) > UNDER_MAX:
                    under = [one for one in under if one[2] > low]
                continue
            insort(under, (rank, -owner, end))
        owner, rank, end = place, its_rank, its_end
        pieces.add(low, place, i64(read_i32_le(every_facts, place * 4)))
    return pieces


def holds(under: list[Under], rank: int, low: int) -> bool:
    """One of the same rank that goes on."""
    return any(other == rank and end > low for other, _, end in under)


def little_endian(column: "array[int]") -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
