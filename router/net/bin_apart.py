"""bins.csv read by a process of its own, so that a reload of a million ranges stops no transaction.

Reading and checking them is a second of pure Python, which in a thread would hold the interpreter
against the event loop. What comes back are columns of bytes, taken over as they are:
a MessagePack head behind its length, then the columns behind one another.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, TypeAlias

import msgspec

from router.net.bin_changes import bin_changes
from router.net.bin_file import FILE, Bins, read_bins
from router.net.mistakes import Mistake
from router.switching.bin_ranges import NO_RANGES
from router.switching.routing import BinFacts, BinRanges, PackedTable, packed

COMMAND: Final = (sys.executable, "-m", "router.net.bin_apart")
NICENESS: Final = 10  # whoever shares a core with the router comes second
LENGTH_BYTES: Final = 4

FactsSent: TypeAlias = list[tuple[str, int, str, str, str, str, bool]]


class Asked(msgspec.Struct):
    folder: str
    issuers: list[str] | None
    facts: FactsSent  # of the ranges in force, whose columns follow
    sizes: list[int]


class Told(msgspec.Struct):
    mistakes: list[Mistake]
    changes: list[str]
    facts: FactsSent
    group_heads: int
    sizes: list[int]  # of the columns that follow: the ranges', then the table's


class BinsApart:
    """One reading, compared with the ranges in force. `read` is called from a thread."""

    def __init__(self, in_force: BinRanges) -> None:
        self.changes: list[str] = []
        self._in_force = in_force

    def read(self, folder: Path, issuers: Sequence[str] | None) -> Bins:
        columns = columns_of(self._in_force)
        asked = Asked(
            str(folder), list(issuers) if issuers is not None else None,
            facts_sent(self._in_force.facts),
            [len(one) for one in columns])
        with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                send(process.stdin, asked, columns)
                process.stdin.close()
                told = msgspec.msgpack.decode(head_from(process.stdout), type=Told)
                found = [process.stdout.read(size) for size in told.sizes]
            except (OSError, msgspec.DecodeError):
                found = []
        if process.returncode != 0 or not found:
            wrong = f"could not be read: the process for it ended with {process.returncode}"
            mistake = Mistake(FILE, "", "", wrong, "is there memory for it?")
            return Bins(NO_RANGES, packed(NO_RANGES, NO_RANGES.pieces()), [mistake])
        self.changes = told.changes
        facts = [BinFacts(*one) for one in told.facts]
        *four, pieces, groups = found
        return Bins(
            ranges_from(four, facts), PackedTable(pieces, groups, told.group_heads, facts),
            told.mistakes)


def columns_of(ranges: BinRanges) -> list[bytes]:
    return [ranges.lows, ranges.ends, ranges.widths, ranges.facts_at]


def ranges_from(columns: Sequence[bytes], facts: list[BinFacts]) -> BinRanges:
    lows, ends, widths, facts_at = columns
    return BinRanges(lows, ends, widths, facts_at, facts)


def facts_sent(facts: Sequence[BinFacts]) -> FactsSent:
    return [
        (f.issuer, f.priority, f.region, f.brand, f.country, f.product, f.e_commerce)
        for f in facts
    ]


def send(to: IO[bytes], head: Asked | Told, columns: Sequence[bytes]) -> None:
    packed = msgspec.msgpack.encode(head)
    to.write(len(packed).to_bytes(LENGTH_BYTES, "big") + packed)
    for column in columns:
        to.write(column)
    to.flush()


def head_from(stream: IO[bytes]) -> bytes:
    return stream.read(int.from_bytes(stream.read(LENGTH_BYTES), "big"))


def main() -> None:
    """The other process: one question, one answer."""
    os.nice(NICENESS)
    asked = msgspec.msgpack.decode(head_from(sys.stdin.buffer), type=Asked)
    columns = [sys.stdin.buffer.read(size) for size in asked.sizes]
    in_force = ranges_from(columns, [BinFacts(*one) for one in asked.facts])
    bins = read_bins(Path(asked.folder), asked.issuers)
    changes = [] if bins.mistakes else list(bin_changes(in_force, bins.ranges))
    found = [*columns_of(bins.ranges), bins.table.pieces, bins.table.groups]
    told = Told(
        bins.mistakes, changes, facts_sent(bins.table.facts), bins.table.group_heads,
        [len(one) for one in found])
    send(sys.stdout.buffer, told, found)


if __name__ == "__main__":
    main()
