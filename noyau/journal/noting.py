"""Takes from the journal's rows what the index finds them by.

Every record there is passes here: it takes of each no more than it needs.
"""

from collections.abc import Sequence
from typing import Final, cast
from zlib import crc32

from noyau.journal.facts import Spoken, entry_of
from noyau.journal.pairs import (
    ACQUIRER,
    BETWEEN,
    ISSUER,
    KEY,
    RRN,
    STAN,
    TERMINAL,
    Buckets,
    entry_token,
)
from specs.journal_format import About, Answered, Forwarded, Reversed, Stored
from specs.journal_reading import Row
from specs.journal_seal import Seal

RECENT_MAX: Final = 16_384  # more than are in flight as a rule: an answer finds its request


class Recent:
    """What was noted lately, by its About: the last so many, and the same number before."""

    def __init__(self) -> None:
        self.newer: set[bytes] = set()
        self.older: set[bytes] = set()

    def turn(self) -> None:
        """The older are forgotten when there are enough."""
        if len(self.newer) >= RECENT_MAX:
            self.newer, self.older = set(), self.newer


def note(rows: Sequence[Row], buckets: Buckets, seal: Seal, recent: Recent) -> int:
    """Says how many records it noted with all that they are found by; others by key alone."""
    recent.turn()
    newer, older = recent.newer, recent.older
    pans: list[str] = []
    numbers: list[int] = []
    for row in rows:
        number = row.number
        acquirers: set[str] = set()
        issuers: set[str] = set()
        for entry in row.entries:
            # By its very class: isinstance of one that it is not costs ten times that.
            kind = type(entry)
            if kind is not Forwarded and kind is not Answered:
                entry_id = entry_of(entry)
                if entry_id is not None:
                    buckets.add(entry_token(entry_id), number)
                if kind is not Stored and kind is not Reversed:
                    continue
            spoken = cast("Spoken", entry)
            about = spoken.about
            text = about.text
            buckets.add(crc32(about.key, KEY), number)
            if kind is Forwarded or kind is Stored:
                issuers.add(cast("Forwarded | Stored", spoken).issuer)
            elif text in newer or text in older:
                continue
            newer.add(text)
            _, acquirer, _, stan, _, terminal, rrn, _, _, pan, _, _, _ = texts_of(about)
            buckets.add(crc32(stan.encode(), STAN), number)
            buckets.add(crc32(terminal.encode(), TERMINAL), number)
            buckets.add(crc32(rrn.encode(), RRN), number)
            acquirers.add(acquirer)
            pans.append(pan)
            numbers.append(number)
        for name in acquirers:
            buckets.add(crc32(name.encode(), ACQUIRER), number)
        for name in issuers:
            buckets.add(crc32(name.encode(), ISSUER), number)
    for token, number in zip(seal.card_tokens(pans), numbers, strict=True):
        buckets.add(token, number)
    return len(pans)


def texts_of(about: About) -> list[str]:
    """Its parts as they stand in it, `specs.journal_format.Parts` without the names."""
    return about.text.decode("latin-1").split(BETWEEN)
