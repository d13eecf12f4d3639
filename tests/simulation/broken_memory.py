"""Broken memory: what a restart knows, numbers, the journal's rows, commits."""

from typing import Any, Final

from router.switching import message_types, outbound
from router.switching.commits import Commits
from router.switching.disk_refusal import DiskRefusal
from router.switching.recovery import Recovery
from router.switching.stans import Stans
from router.switching.transaction import Transaction, from_record
from specs import journal_seal
from specs.elements import DE
from specs.journal_format import About, Answered, Record, Reversed, Stored
from tests.simulation.bug import Bug, constant


def reversal_forgotten(insist: Any) -> Any:
    """*Reversed* is on record, what is to be sent only in memory: lost by a kill."""

    def broken(self: Commits, records: list[Record], then: Any = None) -> None:
        kept = [record for record in records if not isinstance(record, Stored)]
        insist(self, kept if any(isinstance(one, Reversed) for one in kept) else records, then)

    return broken


def answered_unread(answered: Any) -> Any:
    """A restart takes every *forwarded* for one in flight."""

    def broken(self: Recovery, record: Answered) -> None:
        if message_types.is_reversal(record.about.mti):
            answered(self, record)

    return broken


def wrong_original(original_data: Any) -> Any:
    """DE 90 names a STAN that the issuer never saw."""
    return lambda sent: original_data(sent)[:4] + "999999" + original_data(sent)[10:]


def unflagged_after_restart(stored: Any) -> Any:
    """H7: an entry found at start is taken for one that was never sent."""

    def broken(self: Recovery, record: Stored) -> None:
        stored(self, record)
        self._switch.issuers[record.issuer].entries[record.id].has_left = record.has_left

    return broken


def answer_apart(were_refused: Any) -> Any:
    """H8: one commit that the disk refused becomes two: the decline now, its reversal later."""

    def broken(self: DiskRefusal, records: list[Record], now: float) -> None:
        declines = [one for one in records if isinstance(one, Answered) and not one.approves]
        if any(isinstance(one, Reversed) for one in records) and declines:
            self._commits.insist(list(declines))
            records = [one for one in records if one not in declines]
        were_refused(self, records, now)

    return broken


def each_number_twice(take: Any) -> Any:
    """H5: two lines that count alone are in step."""
    last: dict[Stans, str] = {}

    def broken(self: Stans, now: float, for_reversal: bool = False) -> str | None:
        before = last.pop(self, None)
        if before is not None:
            return before
        taken: str | None = take(self, now, for_reversal)
        if taken is not None:
            last[self] = taken
        return taken

    return broken


def pending_numbers_given(take: Any) -> Any:
    """A space of twelve numbers, given one after the other whoever has them."""

    def broken(self: Stans, now: float, for_reversal: bool = False) -> str:
        self._last = self._last % 12 + 1
        stan = f"{self._last:06d}"
        self.hold(stan)
        return stan

    return broken


def at_once_free(quarantine: Any) -> Any:
    """A late response may meet another request under its number."""
    return lambda self, number, now: self.give_back(number)


def unknown_forgotten(transaction: Any) -> Any:
    """H11: what an acquirer reversed before it came is not known after a restart."""

    def broken(self: Recovery, about: About) -> Transaction:
        known = self._known.recorded(about)
        if known is None and message_types.is_repeat(about.mti):
            return from_record(about, self._now)
        found: Transaction = transaction(self, about)
        return found

    return broken


MEMORY: Final[dict[str, Bug]] = {
    "reversal-lost-by-a-kill": Bug(Commits, "insist", reversal_forgotten, "crash"),
    "recovery-reverses-answered": Bug(Recovery, "_answered", answered_unread, "crash"),
    "de-90-names-another": Bug(outbound, "original_data", wrong_original, "crash"),
    "unflagged-after-restart": Bug(Recovery, "_stored", unflagged_after_restart, "crash"),
    "issuer-forgotten-while-not-configured": Bug(
        Recovery,
        "_found",
        lambda _: lambda self, name: self._switch.issuers.get(name),
        "removals crash",
    ),
    "stan-from-one-after-restart": Bug(Stans, "go_on_behind", constant(None), "restarts", 200),
    "stan-per-line": Bug(Stans, "take", each_number_twice, "calm"),
    "stan-reused-while-pending": Bug(Stans, "take", pending_numbers_given, "issuer", 200),
    "stan-free-while-an-answer-may-come": Bug(Stans, "set_aside", at_once_free, "numbers", 200),
    "entry-s-stan-free-after-restart": Bug(Stans, "hold", constant(None), "numbers", 200),
    "forgets-unknown-reversals": Bug(Recovery, "_transaction", unknown_forgotten, "echoes", 200),
    "answer-stored-apart-from-its-reversal": Bug(
        DiskRefusal, "of", answer_apart, "refused reversals", 300
    ),
    "refused-commits-are-dropped": Bug(Commits, "refused", constant(None), "refusals", 100),
    "track-on-record": Bug(outbound, "KEPT", lambda kept: (*kept, DE.TRACK_2), "calm"),
    "chain-without-its-link": Bug(
        journal_seal,
        "bound_with",
        lambda sound: lambda number, at, before: sound(1, at, b""),
        "calm",
    ),
    "stand-in-counts-forgotten": Bug(Recovery, "_stood_in", constant(None), "standing crash", 300),
}
