"""bins.csv -> BIN ranges, each with its line, and every mistake in them."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from router.net.expected import shown, suggestion
from router.net.mistakes import Mistake, Wrong
from router.switching.routing import BinRange

FILE: Final = "bins.csv"
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
ROWS_MAX: Final = 500_000
MISTAKES_MAX: Final = 100  # then the rest are counted
PRIORITY_MAX: Final = 999


@dataclass(frozen=True, slots=True)
class BinRow:
    """A range and where it stands."""

    line: int
    bin_range: BinRange


class BinFile:
    """Reads the file once. Afterwards: `rows` that are good in themselves, and `mistakes`."""

    def __init__(self, folder: Path) -> None:
        self.rows: list[BinRow] = []
        self._unsound: list[tuple[int, str]] = []  # line and issuer of rows with mistakes
        self._found: list[Mistake] = []
        self._more = 0
        try:
            with (folder / FILE).open(encoding="utf-8-sig", newline="") as file:
                self._read(file)
        except OSError as error:
            remedy = f"it belongs into {folder}"
            self._refuse("", "", f"cannot be read ({error.strerror})", remedy)
        except UnicodeDecodeError as error:
            self._refuse("", "", f"byte {error.start} is not UTF-8", "save it as UTF-8")
        self._refuse_overlaps()

    @property
    def mistakes(self) -> list[Mistake]:
        """All of them; beyond a hundred, how many more."""
        if not self._more:
            return self._found
        return [*self._found, Mistake(FILE, "", "", f"and {self._more} more", "mend these first")]

    def refuse_unknown_issuers(self, issuers: list[str]) -> None:
        """Every row that names an issuer nobody configured."""
        named = [(row.line, row.bin_range.issuer) for row in self.rows]
        for line, issuer in sorted(named + self._unsound):
            if issuer and issuer not in issuers:
                wrong = f'no issuer is named "{issuer}"'
                right = suggestion(issuer, issuers, "issuers")
                self._refuse(f"line {line}", "issuer", wrong, right)

    def _read(self, file: TextIO) -> None:
        lines = csv.reader(file, strict=True)
        try:
            header: list[str] = next(lines, [])
            if not self._is_header(header):
                return
            for cells in lines:
                if not cells:
                    continue
                if len(self.rows) >= ROWS_MAX:
                    self._refuse("", "", f"has more than {ROWS_MAX} ranges", "fewer, wider ranges")
                    return
                self._read_row(lines.line_num, header, cells)
        except csv.Error as error:
            right = "commas between the cells, quotes only in pairs around a whole cell"
            self._refuse(f"line {lines.line_num}", "", f"is no CSV: {error}", right)

    def _is_header(self, header: list[str]) -> bool:
        for unknown in [name for name in header if name not in COLUMNS]:
            right = suggestion(unknown, COLUMNS, "columns")
            self._refuse("line 1", unknown, "unknown column", right)
        for missing in [name for name in COLUMNS if name not in header]:
            right = "the columns are " + ", ".join(COLUMNS)
            self._refuse("line 1", missing, "this column is missing", right)
        for doubled in {name for name in header if header.count(name) > 1}:
            self._refuse("line 1", doubled, "this column is there twice", "once")
        return sorted(header) == sorted(COLUMNS)

    def _read_row(self, line: int, header: list[str], cells: list[str]) -> None:
        if len(cells) != len(header):
            wrong = f"has {len(cells)} cells"
            self._refuse(f"line {line}", "", wrong, f"{len(header)}, as the first line has")
            return
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        faults = list(faults_of(row))
        for column, fault in faults:
            self._refuse(f"line {line}", column, fault.wrong, fault.right)
        if faults:
            self._unsound.append((line, row["issuer"]))
        else:
            self.rows.append(BinRow(line, bin_range(row)))

    def _refuse_overlaps(self) -> None:
        """Of ranges with as many digits and the same priority: nothing decides between them."""
        before: BinRow | None = None
        for row in sorted(self.rows, key=rank_and_place):
            if before is not None and rank(row) == rank(before):
                if row.bin_range.first <= before.bin_range.last:
                    wrong = f"{span(row)} overlaps {span(before)} of line {before.line}"
                    right = "ranges apart, or a higher priority for the one that decides"
                    self._refuse(place_of(row), "first", wrong, right)
                if row.bin_range.last <= before.bin_range.last:
                    continue  # `before` reaches further
            before = row

    def _refuse(self, place: str, column: str, wrong: str, right: str) -> None:
        if len(self._found) < MISTAKES_MAX:
            self._found.append(Mistake(FILE, place, column, wrong, right))
        else:
            self._more += 1


def faults_of(row: Mapping[str, str]) -> Iterator[tuple[str, Wrong]]:
    """Column and fault of every cell that cannot be taken."""
    first, last = row["first"], row["last"]
    for column in ("first", "last"):
        if re.fullmatch(r"[0-9]{6,19}", row[column]) is None:
            wrong = f"is {shown(shortened(row[column]))}"
            yield column, Wrong(wrong, "6 to 11 digits, or a whole PAN")
    if first.isdigit() and last.isdigit():
        if len(first) != len(last):
            wrong = f"has {len(last)} digits, first has {len(first)}"
            yield "last", Wrong(wrong, "as many digits in both")
        elif first > last:
            wrong = f"{shortened(last)} is below first, {shortened(first)}"
            yield "last", Wrong(wrong, "the end of the range")
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


def bin_range(row: Mapping[str, str]) -> BinRange:
    """Of a row without faults."""
    return BinRange(
        first=row["first"],
        last=row["last"],
        issuer=row["issuer"],
        priority=int(row["priority"]),
        region=row["region"],
        brand=row["brand"],
        country=row["country"],
        product=row["product"],
        e_commerce=row["e_commerce"] == "yes",
    )


def rank(row: BinRow) -> tuple[int, int]:
    """What decides between two ranges that hold the same PAN."""
    return len(row.bin_range.first), row.bin_range.priority


def rank_and_place(row: BinRow) -> tuple[int, int, str, int]:
    """The order in which overlaps are found."""
    return *rank(row), row.bin_range.first, row.line


def span(row: BinRow) -> str:
    """A range as people write it."""
    first, last = shortened(row.bin_range.first), shortened(row.bin_range.last)
    return first if first == last else f"{first}-{last}"


def shortened(cell: str) -> str:
    """What may be a card's number is masked."""
    return cell if len(cell) < 12 else f"{cell[:6]}{'*' * (len(cell) - 10)}{cell[-4:]}"


def place_of(row: BinRow) -> str:
    """As a mistake names it."""
    return f"line {row.line}"
