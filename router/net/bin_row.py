"""One row of bins.csv: what may stand in its cells, and what is wrong with those that do not."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from router.net.expected import shown
from router.net.mistakes import Wrong
from router.switching.routing import BinFacts, BinRange

COLUMNS: Final = (
    "first",
    "last",
    "issuer",
    "priority",
    "region",
    "brand",
    "country",
    "product",
    "e_commerce",
)
DIGITS_MIN: Final = 6
DIGITS_MAX: Final = 19
PRIORITY_MAX: Final = 999


def faults_of(row: Mapping[str, str]) -> Iterator[tuple[str, Wrong]]:
    """Column and fault of every cell that cannot be taken."""
    yield from faults_of_ends(row["first"], row["last"])
    yield from faults_of_facts(row)


def faults_of_ends(first: str, last: str) -> Iterator[tuple[str, Wrong]]:
    """Of the range itself."""
    for column, cell in (("first", first), ("last", last)):
        if re.fullmatch(r"[0-9]{6,19}", cell) is None:
            yield column, Wrong(f"is {shown(shortened(cell))}", "6 to 11 digits, or a whole PAN")
    if first.isdigit() and last.isdigit():
        if len(first) != len(last):
            wrong = f"has {len(last)} digits, first has {len(first)}"
            yield "last", Wrong(wrong, "as many digits in both")
        elif first > last:
            wrong = f"{shortened(last)} is below first, {shortened(first)}"
            yield "last", Wrong(wrong, "the end of the range")


def faults_of_facts(row: Mapping[str, str]) -> Iterator[tuple[str, Wrong]]:
    """Of what is said about its cards."""
    priority = row["priority"]
    if re.fullmatch(r"[0-9]{1,3}", priority) is None:
        right = f"a whole number, 0 to {PRIORITY_MAX}; the higher one decides"
        yield "priority", Wrong(f"is {shown(priority)}", right)
    if row["region"] not in ("domestic", "foreign") and (row["region"] or row["issuer"]):
        yield "region", Wrong(f"is {shown(row['region'])}", "domestic or foreign")
    if re.fullmatch(r"([0-9]{3}|[A-Z]{2})?", row["country"]) is None:
        right = "the country as ISO 3166 has it, 504 or MA, or nothing"
        yield "country", Wrong(f"is {shown(row['country'])}", right)
    if row["e_commerce"] not in ("yes", "no"):
        yield "e_commerce", Wrong(f"is {shown(row['e_commerce'])}", "yes or no")


def facts_in(row: Mapping[str, str]) -> BinFacts:
    """Of a row without faults."""
    return BinFacts(
        issuer=row["issuer"],
        priority=int(row["priority"]),
        region=row["region"],
        brand=row["brand"],
        country=row["country"],
        product=row["product"],
        e_commerce=row["e_commerce"] == "yes",
    )


def shortened(cell: str) -> str:
    """What may be a card's number is masked."""
    return cell if len(cell) < 12 else f"{cell[:6]}{'*' * (len(cell) - 10)}{cell[-4:]}"


def span(one: BinRange) -> str:
    """A range as people write it."""
    first, last = shortened(one.first), shortened(one.last)
    return first if first == last else f"{first}-{last}"
