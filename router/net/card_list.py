"""CSV files with a value for each card -> CardValues, and every mistake in them.

The files hold card numbers in clear; no number leaves here, in a mistake as little as in a log.
Columns that nobody asks for are passed over, so that an issuer's own file can be used as it is.
"""

import csv
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TextIO

from router.net.mistakes import Mistake
from router.switching.format_check import is_card_number
from router.switching.stand_in_rules import CardValues

ROWS_MAX: Final = 500_000
MISTAKES_MAX: Final = 20  # of one file, then the rest are counted
ACTIONS: Final = ("04", "05", "07", "14", "34", "36", "41", "43", "62")
HASH_KEY_BYTES: Final = 32

Reading = Callable[[dict[str, str]], str]  # of a row; raises ValueError with what would be right


@cache
def hash_key() -> bytes:
    """Of this process: what is hashed with it means nothing to any other."""
    return os.urandom(HASH_KEY_BYTES)


def no_cards() -> CardValues:
    return CardValues(hash_key(), {})


class CardList:
    """Reads a file once. Afterwards: `values`, and `mistakes`."""

    def __init__(self, path: Path, columns: Sequence[str], reading: Reading) -> None:
        self.mistakes: list[Mistake] = []
        self._file = path.name
        self._more = 0
        values: dict[str, str] = {}
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                self._read(file, columns, reading, values)
        except OSError as error:
            self._refuse("", f"cannot be read ({error.strerror})", "may the router read it?")
        except UnicodeDecodeError as error:
            self._refuse("", f"byte {error.start} is not UTF-8", "save it as UTF-8")
        except csv.Error:
            self._refuse("", "is no CSV", "commas between the cells, quotes in pairs")
        if self._more:
            self.mistakes.append(
                Mistake(self._file, "", "", f"and {self._more} more", "mend these first")
            )
        self.values = CardValues(hash_key(), values)

    def _read(
        self, file: TextIO, columns: Sequence[str], reading: Reading, values: dict[str, str]
    ) -> None:
        # A remark becomes an empty line, which csv passes over: lines keep their numbers.
        lines = csv.reader(("\n" if line[:1] == "#" else line for line in file), strict=True)
        header: list[str] = next((cells for cells in lines if cells), [])
        missing = [name for name in columns if name not in header]
        for name in missing:
            self._refuse("", f"the column {name} is missing", f"it has {', '.join(columns)}")
        if missing:
            return
        places = {name: header.index(name) for name in columns}
        for cells in lines:
            if not cells:
                continue
            place = f"line {lines.line_num}"
            if len(values) >= ROWS_MAX:
                self._refuse(place, f"more than {ROWS_MAX} cards", "fewer")
                return
            if len(cells) != len(header):
                self._refuse(place, f"has {len(cells)} cells", f"{len(header)}, as the first line")
                continue
            self._read_row(
                place, {n: cells[at].strip() for n, at in places.items()}, reading, values
            )

    def _read_row(
        self, place: str, row: dict[str, str], reading: Reading, values: dict[str, str]
    ) -> None:
        pan = row["pan"]
        if not is_card_number(pan):
            self._refuse(place, "is no card number", "12 to 19 digits, the last one Luhn's")
        elif pan in values:
            self._refuse(place, "this card is there twice", "once")
        else:
            try:
                values[pan] = reading(row)
            except ValueError as error:
                self._refuse(place, "this row's value cannot be taken", str(error))

    def _refuse(self, place: str, wrong: str, right: str) -> None:
        if len(self.mistakes) < MISTAKES_MAX:
            self.mistakes.append(Mistake(self._file, place, "", wrong, right))
        else:
            self._more += 1


def negative_list(path: Path) -> CardList:
    """Columns `pan` and `action`: what the card hears."""
    return CardList(path, ("pan", "action"), action_of)


def pvv_list(path: Path) -> CardList:
    """Columns `pan`, `pvki`, `pvv`."""
    return CardList(path, ("pan", "pvki", "pvv"), pvv_of)


def offset_list(path: Path) -> CardList:
    """Columns `pan` and `offset`."""
    return CardList(path, ("pan", "offset"), offset_of)


def action_of(row: dict[str, str]) -> str:
    """Raises ValueError."""
    if row["action"] not in ACTIONS:
        raise ValueError("action is one of " + ", ".join(ACTIONS))
    return row["action"]


def pvv_of(row: dict[str, str]) -> str:
    """PVKI and PVV. Raises ValueError."""
    if not (is_digits(row["pvki"], 1, 1) and is_digits(row["pvv"], 4, 4)):
        raise ValueError("pvki is one digit, pvv four")
    return row["pvki"] + row["pvv"]


def offset_of(row: dict[str, str]) -> str:
    """Raises ValueError."""
    if not is_digits(row["offset"], 4, 12):
        raise ValueError("offset is 4 to 12 digits")
    return row["offset"]


def is_digits(text: str, shortest: int, longest: int) -> bool:
    return shortest <= len(text) <= longest and text.isascii() and text.isdigit()
