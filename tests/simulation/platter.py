"""What of the journal survives: sealed rows, of which the last may be torn.

`Frames` keeps them in memory, each in a frame as SQLite's write-ahead log has it: it counts only
when all of it is there. `Folder` is the router's own journal in real files.
"""

import zlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, Protocol

from router.switching.commits import Written, group_of
from specs.journal_format import Record, group_records
from specs.journal_seal import NotSealedSo, Seal, first_tag, tag_of

HEAD_BYTES: Final = 8  # a length and a checksum
KEY: Final = bytes(range(32))
SEAL: Final = Seal(KEY).of_segment(1)


class Platter(Protocol):
    def begin(self) -> list[Record]:
        """What a start reads. Raises LookupError where the journal is not what was written."""

    def write(self, records: Sequence[Record | Written]) -> None:
        """A group, durable."""

    def tear(self, records: Sequence[Record | Written], draw: Random) -> None:
        """The last write before the power goes: there, not there, or a part of it."""

    def everything(self) -> list[Record]:
        """From the first to the last."""

    def is_blind_to(self, how: str, draw: Random) -> bool:
        """Read with one row "changed" or "missing": is it as if nothing had been?"""

    def end(self) -> None:
        """Nobody needs it any more."""


class Frames:
    """In memory."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._last = (0, first_tag("0"))

    def begin(self) -> list[Record]:
        records: list[Record] = []
        self._last = (0, first_tag("0"))
        whole = 0
        for sealed, end in whole_frames(self._bytes):
            records += opened(self._last, sealed)
            self._last = (self._last[0] + 1, tag_of(sealed))
            whole = end
        del self._bytes[whole:]
        return records

    def write(self, records: Sequence[Record | Written]) -> None:
        frame = self._frame(records)
        self._bytes += frame
        self._last = (self._last[0] + 1, tag_of(frame))

    def tear(self, records: Sequence[Record | Written], draw: Random) -> None:
        frame = self._frame(records)
        self._bytes += frame[: draw.choice((0, draw.randrange(len(frame)), len(frame), len(frame)))]

    def everything(self) -> list[Record]:
        return self.begin()

    def is_blind_to(self, how: str, draw: Random) -> bool:
        rows = [sealed for sealed, _ in whole_frames(self._bytes)]
        if len(rows) < 2:
            return False
        place = draw.randrange(len(rows) - 1)
        if how == "missing":
            del rows[place]
        else:
            rows[place] = spoilt(rows[place], draw)
        last = (0, first_tag("0"))
        try:
            for sealed in rows:
                opened(last, sealed)
                last = (last[0] + 1, tag_of(sealed))
        except LookupError:
            return False
        return True

    def end(self) -> None:
        self._bytes.clear()

    def _frame(self, records: Sequence[Record | Written]) -> bytes:
        number, before = self._last
        sealed = SEAL.closed(number + 1, 0, before, group_of(records))
        return len(sealed).to_bytes(4, "big") + zlib.crc32(sealed).to_bytes(4, "big") + sealed


def whole_frames(data: bytes | bytearray) -> Iterator[tuple[bytes, int]]:
    """Each sealed row and the end of its frame."""
    at = 0
    while at + HEAD_BYTES <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        sealed = bytes(data[at + HEAD_BYTES : at + HEAD_BYTES + size])
        at += HEAD_BYTES + size
        if zlib.crc32(sealed).to_bytes(4, "big") != data[at - size - 4 : at - size]:
            return
        yield sealed, at


def opened(last: tuple[int, bytes], sealed: bytes) -> list[Record]:
    """The records of the row behind the last one. Raises LookupError where it is none."""
    number, before = last
    try:
        return group_records(SEAL.opened(number + 1, 0, before, sealed))
    except NotSealedSo:
        raise LookupError(f"row {number + 1} of the journal does not follow") from None


def spoilt(sealed: bytes, draw: Random) -> bytes:
    """One bit is another."""
    at = draw.randrange(len(sealed))
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
