"""Takes from the journal's rows what the index finds them by.

Every record there is passes here: it takes of each no more than it needs.
"""

from collections.abc import Callable, Sequence
from typing import Final
from zlib import crc32

from librt.vecs import vec
from mypy_extensions import i64

from noyau.journal.facts import entry_of
from noyau.journal.pairs import (
    ACQUIRER,
    ISSUER,
    KEY,
    RRN,
    STAN,
    TERMINAL,
    Buckets,
    entry_token,
)
from noyau.journal.walking import (
    ANSWERED,
    FORWARDED,
    ITS_ACQUIRER,
    ITS_PAN,
    ITS_RRN,
    ITS_STAN,
    ITS_TERMINAL,
    KEY_PARTS,
    OTHER,
    NotAGroup,
    Records,
    bounds_in,
)
from specs.journal_format import Record, Reversed, Stored
from specs.journal_reading import Row, of_another_version
from specs.journal_seal import Seal

RECENT_MAX: Final = 16_384  # more than are in flight as a rule: an answer finds its request
CRC32: Final[Callable[[bytes, int], int]] = crc32  # compiled, it is looked up at each use else


class Recent:
    """The keys' tokens of what was noted lately, by its About: of the last so many, and of the same
    number before.
    """

    def __init__(self) -> None:
        self.newer: dict[bytes, int] = {}
        self.older: dict[bytes, int] = {}

    def turn(self) -> None:
        """The older are forgotten when there are enough."""
        if len(self.newer) >= RECENT_MAX:
            self.newer, self.older = {}, self.newer


class Noting:
    """Of some rows, one after another."""

    __slots__ = ("_acquirers", "_buckets", "_issuers", "_number", "_recent", "numbers", "pans")

    def __init__(self, buckets: Buckets, recent: Recent) -> None:
        self._buckets = buckets
        self._recent = recent
        self._number = 0  # of the row
        self._acquirers: set[bytes] = set()  # in it
        self._issuers: set[bytes] = set()
        self.pans: list[str] = []  # in all of them,
        self.numbers: list[int] = []  # and in which each is

    def note(self, number: int, group: bytes) -> None:
        """One row. Raises NotAGroup."""
        self._number = number
        records = Records(group)
        while records.goes_on():
            if records.kind == FORWARDED:
                self._issuers.add(group[records.issuer.start:records.issuer.stop])
                self._first(group[records.about.start:records.about.stop])
            elif records.kind == ANSWERED:
                self._again(group[records.about.start:records.about.stop])
            elif records.kind == OTHER:
                self._other(records.decoded())
        for name in self._acquirers:
            self._buckets.add(CRC32(name, ACQUIRER), number)
        for name in self._issuers:
            self._buckets.add(CRC32(name, ISSUER), number)
        self._acquirers.clear()
        self._issuers.clear()

    def _other(self, record: Record) -> None:
        entry = entry_of(record)
        if entry is not None:
            self._buckets.add(entry_token(entry), self._number)
        if isinstance(record, Stored):
            self._issuers.add(record.issuer.encode())
            self._first(record.about.text)
        elif isinstance(record, Reversed):
            self._again(record.about.text)

    def _again(self, about: bytes) -> None:
        """Mostly it was noted a while before: then its key is enough."""
        token = self._recent.newer.get(about)
        if token is None:
            token = self._recent.older.get(about)
        if token is None:
            self._first(about)
        else:
            self._buckets.add(token, self._number)

    def _first(self, about: bytes) -> None:
        bounds = bounds_in(about, 0, len(about))
        token = CRC32(about[:bounds[KEY_PARTS] - 1], KEY)
        self._recent.newer[about] = token
        buckets, number = self._buckets, self._number
        buckets.add(token, number)
        if not about.isascii():
            about = about.decode("latin-1").encode()  # as whoever searches writes it
            bounds = bounds_in(about, 0, len(about))
        buckets.add(CRC32(part(about, bounds, ITS_STAN), STAN), number)
        buckets.add(CRC32(part(about, bounds, ITS_TERMINAL), TERMINAL), number)
        buckets.add(CRC32(part(about, bounds, ITS_RRN), RRN), number)
        self._acquirers.add(part(about, bounds, ITS_ACQUIRER))
        self.pans.append(part(about, bounds, ITS_PAN).decode())
        self.numbers.append(number)


def note(rows: Sequence[Row], buckets: Buckets, seal: Seal, recent: Recent) -> int:
    """Says how many records it noted with all that they are found by; others by key alone."""
    recent.turn()
    noting = Noting(buckets, recent)
    for row in rows:
        try:
            noting.note(row.number, row.group)
        except NotAGroup:
            raise of_another_version(row) from None
    for token, number in zip(seal.card_tokens(noting.pans), noting.numbers, strict=True):
        buckets.add(token, number)
    return len(noting.pans)


def part(text: bytes, bounds: vec[i64], which: i64) -> bytes:
    """Of an About."""
    return text[bounds[which]:bounds[which + 1] - 1]
