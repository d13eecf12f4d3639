"""The `transaction` events of the log, made of the answers on record.

Each answer that somebody waited for is told once; after a follower was killed, what it told last
may be told again, with the same `id`. What was told last stands in a file beside the segments
(`specs.journal_told`): the index can be thrown away, and nothing is told anew for it.
"""

import os
import select
from collections.abc import Sequence
from typing import Final

import msgspec
from librt.strings import BytesWriter

from noyau.journal.event import Event
from noyau.journal.event_writer import EventWriter
from noyau.journal.facts import time_in_words
from noyau.journal.walking import NotAGroup, Records
from router.net.card_data import may_look_like_card, without_card_data
from router.wire.pan import masked
from specs.journal_format import Answered, Record
from specs.journal_reading import Row, of_another_version

WRITTEN_AT_ONCE: Final = 4096  # PIPE_BUF: a pipe takes it whole, whoever else writes to it
HEAD: Final = ("event", "level", "at")

_encoder: Final = msgspec.json.Encoder()


class Teller:
    """Of one worker, to a file descriptor."""

    def __init__(self, worker: str, descriptor: int) -> None:
        self._worker = worker
        self._descriptor = descriptor
        self._for_terminal = os.isatty(descriptor)

    def tell(self, rows: Sequence[Row]) -> None:
        """Written when this returns, as far as the system is concerned. Raises OSError."""
        lines = lines_of(self._worker, rows)
        if self._for_terminal:
            lines = b"".join(map(plain, lines.splitlines()))
        begin, size = 0, len(lines)
        while size - begin > WRITTEN_AT_ONCE:
            end = lines.rfind(b"\n", begin, begin + WRITTEN_AT_ONCE) + 1
            if not end:
                end = lines.index(b"\n", begin) + 1  # too long a line is one all the same
            written(self._descriptor, lines[begin:end])
            begin = end
        written(self._descriptor, lines[begin:])


def lines_of(worker: str, rows: Sequence[Row]) -> bytes:
    """A line for each answer in them that somebody waited for."""
    lines = BytesWriter()
    for row in rows:
        try:
            write_lines(lines, f"{worker}:{row.number}.", time_in_words(row.at), row.group)
        except NotAGroup:
            raise of_another_version(row) from None
    return lines.getvalue()


def write_lines(lines: BytesWriter, begin: str, at: str, group: bytes) -> None:
    """Those of one row."""
    records, place = Records(group), 0
    writer = EventWriter(lines, records, begin.encode(), at.encode())
    while records.goes_on():
        if records.has_exchange and not writer.writes_event(place):
            lines.write(line_of(records.decoded(), begin + str(place), at))
        place += 1


def line_of(answer: Record, place: str, at: str) -> bytes:
    """The same of any answer, whatever its texts hold."""
    event = event_of(answer, place, at)
    line = _encoder.encode(event)
    if may_look_like_card(line):
        line = _encoder.encode(without_card_data(msgspec.to_builtins(event)))
    return line + b"\n"


def event_of(answer: Record, place: str, at: str) -> Event:
    """No card is in it: the PAN shows first six and last four."""
    assert isinstance(answer, Answered)
    exchange, about = answer.exchange, answer.about
    assert exchange is not None
    parts = about.parts
    return Event(
        "transaction",
        place,
        about.mti,
        parts.stan,
        exchange.issuer_stan,
        parts.rrn,
        parts.acquirer,
        exchange.issuer,
        masked(parts.pan),
        int(parts.amount) if parts.amount.isdigit() else 0,
        parts.currency,
        answer.code,
        exchange.decided_by,
        exchange.ended_in,
        exchange.hsm_us,
        exchange.issuer_us,
        exchange.recorded_us,
        "info",
        at,
    )


def plain(line: bytes) -> bytes:
    """For a terminal."""
    told = msgspec.json.decode(line)
    words = " ".join(f"{name}={value}" for name, value in told.items() if name not in HEAD)
    return f"{told['at']} [info] transaction {words}\n".encode()


def written(descriptor: int, text: bytes) -> None:
    """A reader that is slow makes the follower wait: the journal keeps what it has not told."""
    while text:
        try:
            text = text[os.write(descriptor, text) :]
        except BlockingIOError:  # whoever gave us the descriptor made it so
            select.select([], [descriptor], [])
