"""Compares while the run goes on: what agrees and is old enough leaves the book, so it stays small.

What does not agree stays until the end, and is judged then: a reversal may still be on its way.
"""
import copy
from collections.abc import Iterable
from dataclasses import dataclass

from noyau.demo.book import Book, Entry
from noyau.demo.comparison import Outcome, broken, completed
from noyau.demo.ledgers import Ledgers

SETTLED_S = 6.0  # from then on a difference is worth looking at
DOUBTFUL_S = 40.0  # and from then on worth telling
DONE_S = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one look."""

    agreed: int
    doubtful: int


class Audit:
    """Of one run."""

    def __init__(self, book: Book, ledgers: Ledgers, issuers: Iterable[str]) -> None:
        self._book = book
        self._ledgers = ledgers
        self._done = Outcome(issuers)

    def look(self, now: float) -> Verdict:
        """At what should be settled by now."""
        postings = self._ledgers.postings()
        agreed = doubtful = 0
        done: list[Entry] = []
        for entry in list(self._book):
            age_s = now - entry.sent_at
            if entry.is_open or age_s < SETTLED_S:
                doubtful += entry.is_open and age_s > DOUBTFUL_S
            elif any(broken(entry, postings.get(entry.rrn, []))):
                doubtful += age_s > DOUBTFUL_S
            else:
                agreed += 1
                if age_s > DONE_S:
                    done.append(entry)
        verdict = Verdict(self._done.transactions + agreed, doubtful + len(self._book.strays))
        for entry in done:
            self._done.add(entry, postings.get(entry.rrn, []))
        rrns = {entry.rrn for entry in done}
        self._ledgers.settle(rrns)
        self._book.forget(rrns)
        return verdict

    def outcome(self) -> Outcome:
        """Of everything, as it stands."""
        return completed(copy.deepcopy(self._done), self._book, self._ledgers.postings())
