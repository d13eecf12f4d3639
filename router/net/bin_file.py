"""bins.csv -> BIN ranges, and every mistake in them with its line.

A million rows take a second or two, because blocks of good ones are taken by the column: what
stands behind `last` repeats, and is judged once. A block with anything else goes row by row.
"""

import csv
import gc
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from router.net.bin_row import (
    COLUMNS,
    DIGITS_MAX,
    DIGITS_MIN,
    facts_in,
    faults_of,
    faults_of_facts,
    span,
)
from router.net.expected import suggestion
from router.net.mistakes import Mistake
from router.switching.bin_ranges import RangesWriter
from router.switching.routing import BinRanges, PackedTable, packed

FILE: Final = "bins.csv"
ROWS_MAX: Final = 2_000_000
MISTAKES_MAX: Final = 100  # then the rest are counted
BLOCK_CHARACTERS: Final = 1 << 18
QUOTING: Final = "commas between the cells, quotes only in pairs around a whole cell"


@dataclass(frozen=True, slots=True)
class Bins:
    """What became of the file."""

    ranges: BinRanges
    table: PackedTable
    mistakes: list[Mistake]


def read_bins(folder: Path, issuers: Sequence[str] | None) -> Bins:
    """Without `issuers` any name will do."""
    collects = gc.isenabled()
    gc.disable()  # a million short lists, none of them in a cycle
    try:
        file = BinFile(folder, issuers)
    finally:
        if collects:
            gc.enable()
    return Bins(file.ranges, file.table, file.mistakes)


class BinFile:
    """Reads the file once. Afterwards: ranges of rows that are good in themselves, and mistakes."""

    def __init__(self, folder: Path, issuers: Sequence[str] | None) -> None:
        self._writer = RangesWriter()
        self._lines = array("i")  # of each range
        self._known: dict[str, int] = {}  # text behind `last` -> number of its facts
        self._header: list[str] = []
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
        self.ranges = self._writer.ranges()
        pieces = self.ranges.pieces()
        if pieces.ranks_clash:
            self._refuse_overlaps()
        if issuers is not None:
            self._refuse_unknown(issuers)
        self.table = packed(self.ranges, pieces)

    @property
    def mistakes(self) -> list[Mistake]:
        """All of them; beyond a hundred, how many more."""
        if not self._more:
            return self._found
        return [*self._found, Mistake(FILE, "", "", f"and {self._more} more", "mend these first")]

    def _read(self, file: TextIO) -> None:
        self._header = self._header_of(file.readline())
        if not self._header:
            return
        lines = 1
        while block := file.readlines(BLOCK_CHARACTERS):
            if self._takes(block, lines + 1):
                lines += len(block)
            elif (read := self._read_rows(block, file, lines)) is not None:
                lines += read
            else:
                return
            if len(self._lines) > ROWS_MAX:
                self._refuse("", "", f"has more than {ROWS_MAX} ranges", "fewer, wider ranges")
                return

    def _header_of(self, text: str) -> list[str]:
        """Empty where it is not good enough to read the rows."""
        try:
            header: list[str] = next(csv.reader([text], strict=True), [])
        except csv.Error as error:
            self._refuse("line 1", "", f"is no CSV: {error}", QUOTING)
            return []
        for unknown in [name for name in header if name not in COLUMNS]:
            right = suggestion(unknown, COLUMNS, "columns")
            self._refuse("line 1", unknown, "unknown column", right)
        for missing in [name for name in COLUMNS if name not in header]:
            right = "the columns are " + ", ".join(COLUMNS)
            self._refuse("line 1", missing, "this column is missing", right)
        for doubled in {name for name in header if header.count(name) > 1}:
            self._refuse("line 1", doubled, "this column is there twice", "once")
        return header if sorted(header) == sorted(COLUMNS) else []

    # By the column.

    def _takes(self, block: list[str], first_line: int) -> bool:
        """False: nothing was taken, some row of it must be looked at."""
        if self._header[:2] != ["first", "last"]:
            return False
        columns = list(zip(*[line.split(",", 2) for line in block], strict=False))
        if len(columns) != 3:
            return False
        firsts, lasts, tails = columns
        widths = bytes(map(len, firsts))
        digits = "".join(firsts) + "".join(lasts)
        if not (digits.isascii() and digits.isdigit() and widths == bytes(map(len, lasts))):
            return False
        if min(widths) < DIGITS_MIN or max(widths) > DIGITS_MAX:
            return False
        known = self._known
        if not all(tail in known or self._learns(tail) for tail in dict.fromkeys(tails)):
            return False
        if not self._writer.add_all(firsts, lasts, [known[tail] for tail in tails]):
            return False
        self._lines.extend(array("i", range(first_line, first_line + len(block))))
        return True

    def _learns(self, tail: str) -> bool:
        """What stands behind `last`, seen for the first time."""
        if '"' in tail:
            return False
        cells = next(csv.reader([tail], strict=True), [])
        if len(cells) != len(self._header) - 2:
            return False
        row = {name: cell.strip() for name, cell in zip(self._header[2:], cells, strict=True)}
        if any(faults_of_facts(row)):
            return False
        self._known[tail] = self._writer.number_of(facts_in(row))
        return True

    # By the row.

    def _read_rows(self, block: list[str], file: TextIO, before: int) -> int | None:
        """How many lines that were. None: the rest cannot be told apart."""
        is_quoted = any('"' in line for line in block)  # then a cell may go on behind the block
        rows = csv.reader(chain(block, file) if is_quoted else block, strict=True)
        try:
            for cells in rows:
                if cells:
                    self._read_row(before + rows.line_num, cells)
                if len(self._lines) > ROWS_MAX:
                    break
        except csv.Error as error:
            self._refuse(f"line {before + rows.line_num}", "", f"is no CSV: {error}", QUOTING)
            return None
        return rows.line_num

    def _read_row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self._header):
            wrong = f"has {len(cells)} cells"
            self._refuse(f"line {line}", "", wrong, f"{len(self._header)}, as the first line has")
            return
        row = dict(zip(self._header, (cell.strip() for cell in cells), strict=True))
        faults = list(faults_of(row))
        for column, fault in faults:
            self._refuse(f"line {line}", column, fault.wrong, fault.right)
        if faults:
            self._unsound.append((line, row["issuer"]))
            return
        self._writer.add(row["first"], row["last"], facts_in(row))
        self._lines.append(line)

    # As a whole.

    def _refuse_overlaps(self) -> None:
        """Of ranges with as many digits and the same priority: nothing decides between them."""
        ranges, lines = self.ranges, self._lines
        edges = list(ranges.edges())
        priorities = [one.priority for one in ranges.facts]
        ranks = list(zip(
            ranges.widths, map(priorities.__getitem__, ranges.facts_numbers()), strict=True))
        order = sorted(
            range(len(ranges)), key=lambda one: (ranks[one], edges[one][0], lines[one]))
        before = -1
        for one in order:
            if before >= 0 and ranks[one] == ranks[before]:
                if edges[one][0] < edges[before][1]:
                    wrong = f"{span(ranges[one])} overlaps {span(ranges[before])}"
                    right = "ranges apart, or a higher priority for the one that decides"
                    self._refuse(
                        f"line {lines[one]}", "first", f"{wrong} of line {lines[before]}", right)
                if edges[one][1] <= edges[before][1]:
                    continue  # `before` reaches further
            before = one

    def _refuse_unknown(self, issuers: Sequence[str]) -> None:
        """Every row that names an issuer nobody configured."""
        facts = self.ranges.facts
        unknown = {
            number for number, one in enumerate(facts) if one.issuer and one.issuer not in issuers
        }
        named = [(line, issuer) for line, issuer in self._unsound if issuer not in ("", *issuers)]
        if unknown:
            named += [
                (line, facts[number].issuer)
                for line, number in zip(self._lines, self.ranges.facts_numbers(), strict=True)
                if number in unknown
            ]
        for line, issuer in sorted(named):
            wrong = f'no issuer is named "{issuer}"'
            self._refuse(f"line {line}", "issuer", wrong, suggestion(issuer, issuers, "issuers"))

    def _refuse(self, place: str, column: str, wrong: str, right: str) -> None:
        if len(self._found) < MISTAKES_MAX:
            self._found.append(Mistake(FILE, place, column, wrong, right))
        else:
            self._more += 1
