"""What a person does with parked entries: look at them, have them tried again, settle them.

A settled entry was taken care of outside: who says so and why is its last record. One that is tried
again is stored anew, under the same numbers and flagged repeat, and its age counts from then on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from router.switching.clock import Clock
from router.switching.commits import Commits
from router.switching.peers import Issuer
from router.switching.saf_entry import EntryState, SafEntry, read_id, state_of, written_id
from router.switching.transaction_event import Observer
from specs.elements import DE
from specs.journal_format import Ended, EntryId, Record, Stored

RECORDS_PER_COMMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are meant. Nothing given: none of them, unless `everything` says so."""

    ids: tuple[str, ...] = ()
    issuer: str = ""
    everything: bool = False

    def names(self, issuer: Issuer) -> bool:
        """May entries of this issuer be meant?"""
        if self.ids:
            return any(read_id(text)[0] == issuer.name for text in self.ids)
        return self.everything or self.issuer == issuer.name

    def chosen(self, entries: dict[EntryId, SafEntry]) -> list[SafEntry]:
        """In their order."""
        if not self.ids:
            return list(entries.values())
        return [entries[one] for text in self.ids if (one := read_id(text)) in entries]


class SafOperator:
    """`then` of retry and settle is called when it is durable."""

    __slots__ = ("_clock", "_commits", "_observer")

    def __init__(self, commits: Commits, clock: Clock, observer: Observer) -> None:
        self._commits = commits
        self._clock = clock
        self._observer = observer

    def listed(
        self, issuers: Iterable[Issuer], wanted: Wanted, parked_only: bool, limit: int
    ) -> list[EntryState]:
        """Parked entries first, then the open ones, each issuer's in their order."""
        now = self._clock.now()
        found: list[SafEntry] = []
        for issuer in issuers:
            if wanted.names(issuer):
                found += wanted.chosen(issuer.saf.parked)
                if not parked_only:
                    found += wanted.chosen(issuer.saf.entries)
            if len(found) >= limit:
                break
        return [state_of(entry, now) for entry in found[:limit]]

    def retry(
        self, issuers: Iterable[Issuer], wanted: Wanted, who: str, then: Callable[[], None]
    ) -> list[str]:
        """Parked entries go back to delivery, each with what it comes after and what follows it.

        The ids of those that do; `then` is not called where there are none.
        """
        retried: list[str] = []
        records: list[Record] = []
        for issuer in issuers:
            if not wanted.names(issuer):
                continue
            parked = {one: entry for one, entry in issuer.saf.parked.items() if entry.is_durable}
            for entry in with_kin(parked, wanted.chosen(parked)):
                records.append(self._given_back(issuer, entry))
                retried.append(written_id(entry.stored.id))
                self._observer.happened("saf_entry_retried", id=retried[-1], who=who)
        self._commit(records, then)
        return retried

    def settle(
        self,
        issuers: Iterable[Issuer],
        wanted: Wanted,
        who: str,
        why: str,
        then: Callable[[], None],
    ) -> list[str]:
        """Parked entries are over. The ids of those that are, as of `retry`."""
        settled: list[str] = []
        records: list[Record] = []
        for issuer in issuers:
            if not wanted.names(issuer):
                continue
            for entry in wanted.chosen(issuer.saf.parked):
                stored = entry.stored
                del issuer.saf.parked[stored.id]
                issuer.stans.free(stored.message.stan)
                records.append(Ended(stored.id, False, who, why))
                settled.append(written_id(stored.id))
                self._observer.happened(
                    "saf_entry_settled",
                    id=settled[-1],
                    rrn=stored.message.values.get(DE.RRN, ""),
                    who=who,
                    why=why,
                )
        self._commit(records, then)
        return settled

    def _given_back(self, issuer: Issuer, entry: SafEntry) -> Stored:
        """The last of its card's row now: others went on meanwhile."""
        del issuer.saf.parked[entry.stored.id]
        was = entry.stored
        stored = Stored(
            was.id,
            was.about,
            was.issuer,
            was.line,
            was.message,
            was.after,
            True,
            self._clock.transmission_time(),
        )
        issuer.saf.give_back(SafEntry(stored, is_durable=False, has_left=True))
        return stored

    def _commit(self, records: list[Record], then: Callable[[], None]) -> None:
        last = len(records) - RECORDS_PER_COMMIT
        for first in range(0, len(records), RECORDS_PER_COMMIT):
            part = records[first : first + RECORDS_PER_COMMIT]
            self._commits.insist(part, Then(then) if first >= last else None)


class Then:
    """An action of no argument where a commit's takes one."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def __call__(self, _durable: bool) -> None:
        self._action()


def with_kin(parked: dict[EntryId, SafEntry], chosen: list[SafEntry]) -> list[SafEntry]:
    """With what each must come after, and what must come after it.

    What is parked behind another parks again at once unless that one goes, too.
    """
    heads = {head_of(parked, entry) for entry in chosen}
    return [entry for entry in parked.values() if head_of(parked, entry) in heads]


def head_of(parked: dict[EntryId, SafEntry], entry: SafEntry) -> EntryId:
    """Of all that must come before this one, itself included, the first."""
    before = entry.stored.after
    while before is not None and before in parked:
        entry = parked[before]
        before = entry.stored.after
    return entry.stored.id
