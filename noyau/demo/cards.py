"""The demo's cards: PINs and expected answers from demo-cards.csv, the rest from hosts/."""
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from noyau.demo.book import masked

CARDS_FILE = "demo-cards.csv"
COLUMNS = ["pan", "pin", "expect", "limited"]


class CardsDisagree(Exception):
    """Two files of the configuration say different things; the text names both."""


@dataclass(frozen=True, slots=True, repr=False)
class DemoCard:
    """A card whose PIN everybody may know."""

    pan: str
    expiry: str  # YYMM
    pin: str
    issuer: str
    region: str
    balance_minor: int
    currency: str
    expect: str  # DE 39 of a purchase of 100.00 with the right PIN
    limited: bool
    e_commerce: bool

    def __repr__(self) -> str:
        return f"DemoCard({masked(self.pan)}, {self.issuer}, expects {self.expect})"

    @property
    def wrong_pin(self) -> str:
        """The right one with its last digit changed: same length, never right."""
        return self.pin[:-1] + str((int(self.pin[-1]) + 5) % 10)


def demo_cards(config: Path, regions: Mapping[str, str]) -> list[DemoCard]:
    """In the order of the file. `regions`: issuer name -> domestic or foreign."""
    known = {row["pan"]: (issuer, row) for issuer in regions for row in host_cards(config, issuer)}
    return [card(row, known, regions) for row in rows_of(config / CARDS_FILE)]


def card(row: dict[str, str], known: dict[str, tuple[str, dict[str, str]]],
         regions: Mapping[str, str]) -> DemoCard:
    """One line of demo-cards.csv and the same card in its host's file."""
    pan = row["pan"]
    if pan not in known:
        raise CardsDisagree(f"{CARDS_FILE}: {masked(pan)} is in no hosts/*-cards.csv; add it there")
    issuer, held = known[pan]
    return DemoCard(
        pan=pan,
        expiry=held["expiry"],
        pin=row["pin"],
        issuer=issuer,
        region=regions[issuer],
        balance_minor=int(held["balance_minor"]),
        currency=held["currency"],
        expect=row["expect"],
        limited=row["limited"] == "yes",
        e_commerce=held["e_commerce"] == "yes",
    )


def host_cards(config: Path, issuer: str) -> list[dict[str, str]]:
    """The lines of one host's card file."""
    return list(rows_of(config / "hosts" / f"{issuer}-cards.csv"))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Lines of a CSV file as dictionaries; lines that begin with # are remarks."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
