"""First digits of a PAN -> issuer. The longest match wins, then the higher priority.

Ranges may lie inside one another (a bank's BIN, and one product in it). They are flattened once
into pieces that do not overlap, so that a look-up is one binary search.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PAN_DIGITS_MAX: Final = 19


@dataclass(frozen=True, slots=True)
class BinRange:
    """A range of first digits (6 to 11), or of whole PANs, and what is known of its cards."""

    first: str
    last: str  # as many digits as `first`
    issuer: str  # empty: known as unassigned
    priority: int
    region: str
    brand: str
    country: str
    product: str
    e_commerce: bool

    @property
    def lowest(self) -> int:
        """Of the PANs in it, written with 19 digits."""
        return int(self.first.ljust(PAN_DIGITS_MAX, "0"))

    @property
    def highest(self) -> int:
        """Of the PANs in it, written with 19 digits."""
        return int(self.last.ljust(PAN_DIGITS_MAX, "9"))


class BinTable:
    """Built once from ranges, replaced whole at a reload."""

    __slots__ = ("_pieces", "_starts", "size")

    def __init__(self, ranges: Sequence[BinRange]) -> None:
        self.size = len(ranges)
        self._starts: list[int] = []
        self._pieces: list[BinRange | None] = []
        self._flatten(ranges)

    def range_of(self, pan_digits: str) -> BinRange | None:
        """The range that decides about this PAN."""
        place = bisect_right(self._starts, int(pan_digits.ljust(PAN_DIGITS_MAX, "0"))) - 1
        return self._pieces[place] if place >= 0 else None

    def _flatten(self, ranges: Sequence[BinRange]) -> None:
        """Sweep over all ends; between two of them the most specific open range decides."""
        ends: list[tuple[int, int, int]] = []
        for index, one in enumerate(ranges):
            ends.append((one.lowest, 1, index))
            ends.append((one.highest + 1, 0, index))
        ends.sort()
        open_ranges: list[
            tuple[int, int, int]
        ] = []  # few at any place: an outer one and what lies in it
        position = 0
        while position < len(ends):
            at = ends[position][0]
            while position < len(ends) and ends[position][0] == at:
                _, opens, index = ends[position]
                rank = (len(ranges[index].first), ranges[index].priority, -index)
                if opens:
                    open_ranges.append(rank)
                else:
                    open_ranges.remove(rank)
                position += 1
            decides = ranges[-max(open_ranges)[2]] if open_ranges else None
            if not self._pieces or self._pieces[-1] is not decides:
                self._starts.append(at)
                self._pieces.append(decides)
