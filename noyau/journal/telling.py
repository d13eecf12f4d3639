"""The `transaction` events of the log, made of the answers on record.

Each answer that somebody waited for is told once; after a follower was killed, what it told last
may be told again, with the same `id`. What was told last stands in a file beside the segments: the
index can be thrown away, and nothing is told anew for it.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from noyau.journal.facts import time_in_words
from router.net.card_data import may_look_like_card, without_card_data
from router.wire.pan import masked
from specs.journal_format import Answered, Exchange
from specs.journal_reading import Row

NAME: Final = "told"
WRITTEN_AT_ONCE: Final = 4096  # PIPE_BUF: a pipe takes it whole, whoever else writes to it
HEAD: Final = ("event", "level", "at")


class Event(msgspec.Struct):
    """Named as the router's own events are; `recorded_us` in the place of its `total_us`."""

    event: str
    id: str  # the place of the record: `noyau journal show` takes it
    mti: str
    stan: str
    issuer_stan: str
    rrn: str
    acquirer: str
    issuer: str
    pan_masked: str
    amount_minor: int
    currency: str
    response_code: str
    decided_by: str
    ended_in: str
    hsm_us: int
    issuer_us: int
    recorded_us: int
    level: str
    at: str


class Told(msgspec.Struct):
    """The row that was told last."""

    row: int
    tag: bytes


class Teller:
    """Of one worker, to a file descriptor."""

    def __init__(self, folder: Path, worker: str, descriptor: int) -> None:
        """Raises OSError."""
        self._worker = worker
        self._descriptor = descriptor
        self._for_terminal = os.isatty(descriptor)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(folder / NAME, flags, 0o600)

    @property
    def told(self) -> Told | None:
        """None: nothing yet, or nobody knows."""
        with contextlib.suppress(msgspec.DecodeError, OSError):
            return msgspec.msgpack.decode(os.pread(self._file, 256, 0), type=Told)
        return None

    def tell(self, rows: Sequence[Row]) -> None:
        """Written when this returns, as far as the system is concerned. Raises OSError."""
        part: list[bytes] = []
        size = 0
        for row in rows:
            for told in lines_of(self._worker, row):
                line = plain(told) if self._for_terminal else told
                if size + len(line) > WRITTEN_AT_ONCE:
                    written(self._descriptor, b"".join(part))
                    part, size = [], 0
                part.append(line)
                size += len(line)
        written(self._descriptor, b"".join(part))
        self.has_told(rows[-1])

    def has_told(self, row: Row) -> None:
        """Or: up to there nothing is to be told."""
        os.pwrite(self._file, msgspec.msgpack.encode(Told(row.number, row.tag)), 0)

    def close(self) -> None:
        os.close(self._file)


_encoder: Final = msgspec.json.Encoder()


def lines_of(worker: str, row: Row) -> Iterator[bytes]:
    """A line for each answer in it that somebody waited for."""
    at = ""
    for place, entry in enumerate(row.entries):
        if not isinstance(entry, Answered) or entry.exchange is None:
            continue
        at = at or time_in_words(row.at)
        event = event_of(entry, entry.exchange, f"{worker}:{row.number}.{place}", at)
        line = _encoder.encode(event)
        if may_look_like_card(line):
            line = _encoder.encode(without_card_data(msgspec.to_builtins(event)))
        yield line + b"\n"


def plain(line: bytes) -> bytes:
    """For a terminal."""
    told = msgspec.json.decode(line)
    words = " ".join(f"{name}={value}" for name, value in told.items() if name not in HEAD)
    return f"{told['at']} [info] transaction {words}\n".encode()


def event_of(answer: Answered, exchange: Exchange, place: str, at: str) -> Event:
    """No card is in it: the PAN shows first six and last four."""
    parts = answer.about.parts
    return Event(
        event="transaction",
        id=place,
        mti=answer.about.mti,
        stan=parts.stan,
        issuer_stan=exchange.issuer_stan,
        rrn=parts.rrn,
        acquirer=parts.acquirer,
        issuer=exchange.issuer,
        pan_masked=masked(parts.pan),
        amount_minor=int(parts.amount) if parts.amount.isdigit() else 0,
        currency=parts.currency,
        response_code=answer.code,
        decided_by=exchange.decided_by,
        ended_in=exchange.ended_in,
        hsm_us=exchange.hsm_us,
        issuer_us=exchange.issuer_us,
        recorded_us=exchange.recorded_us,
        level="info",
        at=at,
    )


def written(descriptor: int, text: bytes) -> None:
    """A reader that is slow makes the follower wait: the journal keeps what it has not told."""
    while text:
        text = text[os.write(descriptor, text) :]
