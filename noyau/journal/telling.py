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

from noyau.journal.event import Event
from noyau.journal.facts import time_in_words
from noyau.journal.noting import texts_of
from router.net.card_data import may_look_like_card, without_card_data
from router.wire.pan import masked
from specs.journal_format import Answered, Exchange
from specs.journal_reading import Row

WRITTEN_AT_ONCE: Final = 4096  # PIPE_BUF: a pipe takes it whole, whoever else writes to it
HEAD: Final = ("event", "level", "at")


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


_encoder: Final = msgspec.json.Encoder()


def lines_of(worker: str, rows: Sequence[Row]) -> bytes:
    """A line for each answer in them that somebody waited for."""
    events = events_of(worker, rows)
    lines = _encoder.encode_lines(events)
    if may_look_like_card(lines):
        lines = _encoder.encode_lines(
            [without_card_data(msgspec.to_builtins(one)) for one in events])  # fmt: skip
    return lines


def events_of(worker: str, rows: Sequence[Row]) -> list[Event]:
    """Those of the lines."""
    events: list[Event] = []
    for row in rows:
        begin, at = f"{worker}:{row.number}.", time_in_words(row.at)
        for place, entry in enumerate(row.entries):
            # (By its very class: to ask isinstance about one that it is not costs ten times that.)
            if type(entry) is Answered and entry.exchange is not None:
                events.append(event_of(entry, entry.exchange, begin + str(place), at))
    return events


def event_of(answer: Answered, exchange: Exchange, place: str, at: str) -> Event:
    """No card is in it: the PAN shows first six and last four."""
    about = answer.about
    _, acquirer, _, stan, _, _, rrn, _, _, pan, _, currency, amount = texts_of(about)
    return Event(
        "transaction",
        place,
        about.mti,
        stan,
        exchange.issuer_stan,
        rrn,
        acquirer,
        exchange.issuer,
        masked(pan),
        int(amount) if amount.isdigit() else 0,
        currency,
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
