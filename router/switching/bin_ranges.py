"""BIN ranges by the million: columns of numbers, and each different set of facts once.

The place of a PAN among all PANs is its first 19 digits, zeros behind a shorter one, as a signed
number of 64 bits (HALF is taken off): what `BinTable` searches.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import add
from typing import Final

from router.switching.bin_pieces import Pieces, flattened

PAN_DIGITS_MAX: Final = 19
HALF: Final = 5 * 10**18
PRIORITIES: Final = 1000


@dataclass(frozen=True, slots=True)
class BinFacts:
    """What is known of the cards of a range."""

    issuer: str  # empty: known as unassigned
    priority: int
    region: str
    brand: str
    country: str
    product: str
    e_commerce: bool


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


class BinRanges:
    """A sequence of BinRange that makes each one when it is asked for."""

    __slots__ = ("ends", "facts", "facts_at", "lows", "widths")

    def __init__(self) -> None:
        self.lows = array("q")  # the place of the lowest PAN
        self.ends = array("q")  # the place behind the highest
        self.widths = bytearray()  # digits in `first` and `last`
        self.facts_at = array("i")  # where in `facts`
        self.facts: list[BinFacts] = []

    def pieces(self) -> Pieces:
        """Which range decides where."""
        priorities = map([one.priority for one in self.facts].__getitem__, self.facts_at)
        ranks = array("i", map(add, map(PRIORITIES.__mul__, self.widths), priorities))
        return flattened(self.lows, self.ends, ranks, self.facts_at)

    def __len__(self) -> int:
        return len(self.lows)

    def __getitem__(self, index: int) -> BinRange:
        facts, width = self.facts[self.facts_at[index]], self.widths[index]
        return BinRange(
            first=digits_at(self.lows[index])[:width],
            last=digits_at(self.ends[index] - 1)[:width],
            issuer=facts.issuer,
            priority=facts.priority,
            region=facts.region,
            brand=facts.brand,
            country=facts.country,
            product=facts.product,
            e_commerce=facts.e_commerce,
        )

    def __iter__(self) -> Iterator[BinRange]:
        for index in range(len(self.lows)):
            yield self[index]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BinRanges)
            and self.lows == other.lows
            and self.ends == other.ends
            and self.widths == other.widths
            and self.facts_at == other.facts_at
            and self.facts == other.facts
        )

    def __hash__(self) -> int:
        return hash(len(self.lows))


def bin_ranges(ranges: Iterable[BinRange]) -> BinRanges:
    """Of a few."""
    columns = BinRanges()
    numbers: dict[BinFacts, int] = {}
    for one in ranges:
        facts = BinFacts(
            one.issuer, one.priority, one.region, one.brand, one.country, one.product,
            one.e_commerce)
        columns.lows.append(lowest_place(one.first))
        columns.ends.append(highest_place(one.last) + 1)
        columns.widths.append(len(one.first))
        columns.facts_at.append(numbers.setdefault(facts, len(numbers)))
    columns.facts.extend(numbers)
    return columns


def lowest_place(digits: str) -> int:
    """Of the PANs that begin with these digits."""
    return int(digits.ljust(PAN_DIGITS_MAX, "0")) - HALF


def highest_place(digits: str) -> int:
    return int(digits.ljust(PAN_DIGITS_MAX, "9")) - HALF


def digits_at(place: int) -> str:
    """Nineteen of them."""
    return str(place + HALF).rjust(PAN_DIGITS_MAX, "0")
