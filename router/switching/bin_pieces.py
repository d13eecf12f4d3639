"""Ranges that may lie in and across one another -> pieces that do not, each with the range that
decides there: one sweep over them in the order of their first PANs.

A rank is what decides between two ranges that hold the same PAN: digits, then priority. Of equal
ranks the earlier range decides; that they overlap at all is told (a file of ranges refuses it).
"""

from bisect import insort
from dataclasses import dataclass
from typing import Final

NOBODY: Final = -1
UNDER_MAX: Final = 64  # ranges below the one that decides; beyond it those that ended are dropped


@dataclass(frozen=True, slots=True)
class Pieces:
    """From each start on the range of that number decides; NOBODY: there is none."""

    starts: list[int]
    owners: list[int]
    ranks_clash: bool  # ranges of equal rank overlap somewhere


def flattened(lows: list[int], ends: list[int], ranks: list[int]) -> Pieces:
    """Of ranges from their low to just before their end."""
    starts: list[int] = []
    owners: list[int] = []
    under: list[tuple[int, int, int]] = []  # may decide later: rank, -number, end; the best last
    clash = False
    owner, rank, end = NOBODY, 0, 0  # the one that decides
    behind = max(ends, default=0)
    for number in [*sorted(range(len(lows)), key=lows.__getitem__), NOBODY]:
        low = lows[number] if number != NOBODY else behind
        while owner != NOBODY and end <= low:
            ended_at = end
            owner = NOBODY
            while under and owner == NOBODY:
                rank, minus, end = under.pop()
                if end > ended_at:
                    owner = -minus
            starts.append(ended_at)
            owners.append(owner)
        if number == NOBODY:
            break
        its_rank, its_end = ranks[number], ends[number]
        if owner != NOBODY:
            clash = clash or its_rank == rank or any(
                other == its_rank and place > low for other, _, place in under)
            if (rank, -owner) > (its_rank, -number):
                insort(under, (its_rank, -number, its_end))
                if len(under) > UNDER_MAX:
                    under = [one for one in under if one[2] > low]
                continue
            insort(under, (rank, -owner, end))
        owner, rank, end = number, its_rank, its_end
        if starts and starts[-1] == low:
            owners[-1] = number  # the piece that began here is empty
        else:
            starts.append(low)
            owners.append(number)
    return Pieces(starts, owners, clash)
