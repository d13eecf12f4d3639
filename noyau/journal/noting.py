"""Takes from the journal's rows what the index finds them by.

Every record there is passes here: it takes of each no more than it needs.
"""

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from noyau.journal.facts import SPOKEN, entry_of
from noyau.journal.pairs import (
    ACQUIRER,
    ISSUER,
    KEY,
    RRN,
    STAN,
    TERMINAL,
    Buckets,
    entry_token,
    token_of,
)
from specs.journal_format import Answered, Forwarded, Stored
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
        tokens: list[int] = []
        acquirers: set[str] = set()
        issuers: set[str] = set()
        for entry in row.entries:
            kind = type(entry)
            if isinstance(entry, SPOKEN):
                about = entry.about
                text = about.text
                tokens.append(crc32(about.key, KEY))
                # By its very class: isinstance of one that it is not costs ten times that.
                if type(entry) is Forwarded or type(entry) is Stored:
                    issuers.add(entry.issuer)
                elif text in newer or text in older:
                    continue
                newer.add(text)
                parts = about.parts
                tokens.append(crc32(parts.stan.encode(), STAN))
                tokens.append(crc32(parts.terminal.encode(), TERMINAL))
                tokens.append(crc32(parts.rrn.encode(), RRN))
                acquirers.add(parts.acquirer)
                pans.append(parts.pan)
                numbers.append(number)
            if kind is not Forwarded and kind is not Answered:
                entry_id = entry_of(entry)
                if entry_id is not None:
                    tokens.append(entry_token(entry_id))
        tokens += [token_of(ACQUIRER, name) for name in acquirers]
        tokens += [token_of(ISSUER, name) for name in issuers]
        buckets.add_row(tokens, number)
    buckets.add(seal.card_tokens(pans), numbers)
    return len(pans)
