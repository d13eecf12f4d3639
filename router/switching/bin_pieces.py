"""Ranges that may lie in and across one another -> pieces that do not, each with the range that
decides there: one sweep over them in the order of their first PANs.

A rank is what decides between two ranges that hold the same PAN: digits, then priority. Of equal
ranks the earlier range decides; that they overlap at all is told (a file of ranges refuses it).
"""

from bisect import insort
from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le
from mypy_extensions import i32, i64

from router.switching.bin_order import in_order

NOBODY: Final = -1
UNDER_MAX: Final = 64  # ranges below the one that decides; beyond it those that ended are dropped
PRIORITIES: Final = 1000
BEHIND_ALL: Final = 5 * 10**18  # places
PLACE_BYTES: Final = 8
FACTS_BYTES: Final = 4
PIECE_BYTES: Final = 12  # its start, the number of its facts: side by side, one look finds both
FACTS_IN_PIECE: Final = 8

Under = tuple[int, int, int]  # may decide later: rank, -number, end


class Pieces:
    """From each start on these facts hold; NOBODY: there is no range."""

    __slots__ = ("count", "last", "ranks_clash", "writer")

    def __init__(self) -> None:
        self.writer = BytesWriter()  # a record for each
        self.count: i64 = 0
        self.last: i64 = 0  # where the last one begins
        self.ranks_clash: bool = False  # ranges of equal rank overlap somewhere

    def add(self, start: i64, facts: i32) -> None:
        """What began at the same place is empty, and goes."""
        if self.count and self.last == start:
            self.count -= 1
            self.writer.truncate(self.count * PIECE_BYTES)
        write_i64_le(self.writer, start)
        write_i32_le(self.writer, facts)
        self.count += 1
        self.last = start


def flattened(
    lows: bytes, ends: bytes, widths: bytes, facts_at: bytes, priorities: Sequence[int]
) -> Pieces:
    """Of ranges from their low to just before their end, as columns of little-endian numbers;
    the priorities are those of the facts."""
    pieces = Pieces()
    priority_of = list(priorities)
    under: list[Under] = []  # the best last
    owner: i64 = NOBODY  # the one that decides
    rank: i64 = 0
    end: i64 = 0
    facts: i32 = 0
    order = in_order(lows)
    count: i64 = len(widths)
    for at in range(count + 1):
        place: i64 = order[at] if at < count else NOBODY
        low: i64 = read_i64_le(lows, place * PLACE_BYTES) if place >= 0 else BEHIND_ALL
        while owner != NOBODY and end <= low:
            ended_at = end
            owner = NOBODY
            facts = NOBODY
            while under and owner == NOBODY:
                next_rank, minus, next_end = under.pop()
                if next_end > ended_at:
                    owner, rank, end = -minus, next_rank, next_end
                    facts = read_i32_le(facts_at, owner * FACTS_BYTES)
            pieces.add(ended_at, facts)
        if place == NOBODY:
            break
        facts = read_i32_le(facts_at, place * FACTS_BYTES)
        its_rank = i64(widths[place]) * PRIORITIES + i64(priority_of[facts])
        its_end = read_i64_le(ends, place * PLACE_BYTES)
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
        pieces.add(low, facts)
    return pieces


def holds(under: list[Under], rank: int, low: int) -> bool:
    """One of the same rank that goes on."""
    return any(other == rank and end > low for other, _, end in under)
