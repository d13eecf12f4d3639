"""BIN ranges by the million: columns of numbers, and each different set of facts once.

The place of a PAN among all PANs is its first 19 digits, zeros behind a shorter one, as a signed
number of 64 bits (HALF is taken off): what `BinTable` searches. Columns are little-endian numbers
in bytes: another process can hand them over as they are, and nothing walks or copies them.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le
from librt.vecs import vec
from mypy_extensions import i32, i64

from router.switching.bin_pieces import FACTS_BYTES, PLACE_BYTES, Pieces, flattened

PAN_DIGITS_MAX: Final = 19
HALF: Final = 5 * 10**18
# For each number of digits: half of such numbers, and how many places each of them has.
HALVES: Final = [HALF // 10 ** (PAN_DIGITS_MAX - digits) for digits in range(PAN_DIGITS_MAX + 1)]
SPANS: Final = vec[i64](
    [10 ** (PAN_DIGITS_MAX - digits) if digits else 0 for digits in range(PAN_DIGITS_MAX + 1)])


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

    def __init__(
        self, lows: bytes, ends: bytes, widths: bytes, facts_at: bytes, facts: list[BinFacts]
    ) -> None:
        self.lows = lows  # the place of the lowest PAN
        self.ends = ends  # the place behind the highest
        self.widths = widths  # digits in `first` and `last`
        self.facts_at = facts_at  # where in `facts`
        self.facts = facts

    def pieces(self) -> Pieces:
        """Which range decides where."""
        priorities = [one.priority for one in self.facts]
        return flattened(self.lows, self.ends, self.widths, self.facts_at, priorities)

    def edges(self) -> Iterator[tuple[int, int]]:
        """Of each range the place of its lowest PAN, and that behind its highest."""
        return zip(numbers("q", self.lows), numbers("q", self.ends), strict=True)

    def facts_numbers(self) -> "array[int]":
        """Of each range where in `facts`."""
        return numbers("i", self.facts_at)

    def __len__(self) -> int:
        return len(self.widths)

    def __getitem__(self, index: int) -> BinRange:
        facts = self.facts[read_i32_le(self.facts_at, index * FACTS_BYTES)]
        width = self.widths[index]
        return BinRange(
            first=digits_at(read_i64_le(self.lows, index * PLACE_BYTES))[:width],
            last=digits_at(read_i64_le(self.ends, index * PLACE_BYTES) - 1)[:width],
            issuer=facts.issuer,
            priority=facts.priority,
            region=facts.region,
            brand=facts.brand,
            country=facts.country,
            product=facts.product,
            e_commerce=facts.e_commerce,
        )

    def __iter__(self) -> Iterator[BinRange]:
        for index in range(len(self.widths)):
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
        return hash(len(self.widths))


NO_RANGES: Final = BinRanges(b"", b"", b"", b"", [])


class RangesWriter:
    """Ranges one after the other, each different set of facts once."""

    __slots__ = ("_ends", "_facts", "_facts_at", "_lows", "_widths")

    def __init__(self) -> None:
        self._lows = BytesWriter()
        self._ends = BytesWriter()
        self._widths = BytesWriter()
        self._facts_at = BytesWriter()
        self._facts: dict[BinFacts, int] = {}

    def number_of(self, facts: BinFacts) -> int:
        """By which `add_all` knows them."""
        return self._facts.setdefault(facts, len(self._facts))

    def add(self, first: str, last: str, facts: BinFacts) -> None:
        if not self.add_all([first], [last], [self.number_of(facts)]):
            raise ValueError("a range that ends before it begins")

    def add_all(
        self, firsts: Sequence[str], lasts: Sequence[str], facts: Sequence[int]
    ) -> bool:
        """Digits, as many in the first as in the last. False, and nothing was added: one ends
        before it begins."""
        before: i64 = len(self._widths)
        for at in range(len(firsts)):
            width: i64 = len(firsts[at])
            low, end = lowest_place(firsts[at]), lowest_place(lasts[at]) + SPANS[width]
            if low >= end:
                self._go_back(before)
                return False
            write_i64_le(self._lows, low)
            write_i64_le(self._ends, end)
            self._widths.append(width)
            write_i32_le(self._facts_at, i32(facts[at]))
        return True

    def ranges(self) -> BinRanges:
        """All of them."""
        return BinRanges(
            self._lows.getvalue(), self._ends.getvalue(), self._widths.getvalue(),
            self._facts_at.getvalue(), list(self._facts))

    def __len__(self) -> int:
        return len(self._widths)

    def _go_back(self, count: i64) -> None:
        self._lows.truncate(count * PLACE_BYTES)
        self._ends.truncate(count * PLACE_BYTES)
        self._widths.truncate(count)
        self._facts_at.truncate(count * FACTS_BYTES)


def bin_ranges(ranges: Iterable[BinRange]) -> BinRanges:
    """Of a few."""
    writer = RangesWriter()
    for one in ranges:
        facts = BinFacts(
            one.issuer, one.priority, one.region, one.brand, one.country, one.product,
            one.e_commerce)
        writer.add(one.first, one.last, facts)
    return writer.ranges()


def numbers(code: str, column: bytes) -> "array[int]":
    """Those of a column: "q" for places, "i" for facts."""
    found = array(code, column)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def lowest_place(digits: str) -> i64:
    """Of the PANs that begin with these digits."""
    width: i64 = len(digits)
    return i64(int(digits) - HALVES[width]) * SPANS[width]


def limits(digits: str) -> tuple[int, int]:
    """Where the PANs that begin with these digits begin and end."""
    low = lowest_place(digits)
    return low, low + SPANS[len(digits)]


def digits_at(place: int) -> str:
    """Nineteen of them."""
    return str(place + HALF).rjust(PAN_DIGITS_MAX, "0")
