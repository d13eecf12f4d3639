"""Faults planted in the router, one at a time: the simulation must see each of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from router.switching import conductor, known, message_types, outbound, saf
from router.switching.commits import Commits
from router.switching.conductor import NEVER_LEFT, Conductor
from router.switching.pending import Line, Stans, Waiting
from router.switching.recovery import Recovery
from router.switching.reversing import Reversing
from router.switching.saf import StoreAndForward
from router.switching.transaction import Transaction
from router.wire.message import Message
from specs.journal_format import Answered, Record, Reversed, Stored

Broken = Callable[[Any], Any]


@dataclass(frozen=True)
class Bug:
    """`owner.name` replaced by what `broken` makes of it; `mix` shows it soonest."""

    owner: Any
    name: str
    broken: Broken
    mix: str = "crash"
    within: int = 60  # seeds of that mix


def never_flagged(_: Any) -> Any:
    """The second transmission of an entry looks like the first."""
    return SimpleNamespace(
        repeated=lambda mti: mti,
        response_to=message_types.response_to,
        is_reversal=message_types.is_reversal,
    )


def reversal_forgotten(insist: Any) -> Any:
    """*Reversed* is on record, what is to be sent only in memory: lost by a kill."""

    def broken(self: Commits, records: list[Record], then: Any = None) -> None:
        kept = [record for record in records if not isinstance(record, Stored)]
        insist(self, kept if any(isinstance(one, Reversed) for one in kept) else records, then)

    return broken


def everything_holds(_: Any) -> Any:
    """An inquiry is reversed like a purchase."""
    return property(lambda self: not message_types.is_reversal(self.about.mti))


def answered_unread(answered: Any) -> Any:
    """A restart takes every *forwarded* for one in flight."""

    def broken(self: Recovery, record: Answered) -> None:
        if message_types.is_reversal(record.about.mti):
            answered(self, record)

    return broken


def wrong_original(original_data: Any) -> Any:
    """DE 90 names a STAN that the issuer never saw."""
    return lambda sent: original_data(sent)[:4] + "999999" + original_data(sent)[10:]


def time_ignored(exchange: Any) -> Any:
    """What waited too long for HSM or disk leaves all the same."""

    def broken(self: Conductor, transaction: Transaction, need: Any) -> Any:
        if not transaction.is_void:
            transaction.send_by = max(transaction.send_by, self._clock.now() + 6.0)
        return exchange(self, transaction, need)

    return broken


def void_ignored(exchange: Any) -> Any:
    """H4: what was reversed while it waited leaves all the same."""

    def broken(self: Conductor, transaction: Transaction, need: Any) -> Any:
        is_void, transaction.is_void = transaction.is_void, False
        outcome = exchange(self, transaction, need)
        transaction.is_void = is_void
        return outcome

    return broken


def approval_heard_early(resume: Any) -> Any:
    """The acquirer hears the approval, then it is written."""

    def broken(self: Conductor, transaction: Transaction, event: Any) -> None:
        commits = self._commits
        original = Commits.for_transaction

        def early(records: list[Record], owner: Transaction) -> None:
            (first, *others) = records
            if not others and isinstance(first, Answered) and first.approves:
                commits.once(records, lambda _: None)
                resume(self, owner, conductor.DURABLE)
            else:
                original(commits, records, owner)

        self._commits = SimpleNamespace(  # type: ignore[assignment]
            for_transaction=early, insist=commits.insist, once=commits.once,
            refused=commits.refused, waits_for_disk=False, try_again=commits.try_again,
        )  # fmt: skip
        try:
            resume(self, transaction, event)
        finally:
            self._commits = commits

    return broken


def sent_twice(silent: Any) -> Any:
    """A request that left before its line fell counts as one that never left."""

    def broken(self: Conductor, issuer: Any, waiting: Waiting) -> None:
        owner = waiting.owner
        if isinstance(owner, Transaction) and any(not one.carries_traffic for one in issuer.lines):
            waiting.owner = None
            self.resume(owner, NEVER_LEFT)
        else:
            silent(self, issuer, waiting)

    return broken


def not_found_is_final(responded: Any) -> Any:
    """The original may still be under way."""

    def broken(self: StoreAndForward, issuer: Any, entry: Any, response: Message) -> None:
        entry.first_not_found = 1.0
        responded(self, issuer, entry, response)

    return broken


def matched_to_another(match: Any) -> Any:
    """A late response goes to whoever waits longest."""

    def broken(self: Line, response: Message) -> Waiting | None:
        waiting: Waiting | None = match(self, response)
        for one in [] if waiting is not None else list(self._waiting.values()):
            if one.key[0] == response.mti:
                self._take(one)
                return one
        return waiting

    return broken


def unflagged_after_restart(stored: Any) -> Any:
    """H7: an entry found at start is taken for one that was never sent."""

    def broken(self: Recovery, record: Stored) -> None:
        stored(self, record)
        self._switch.issuers[record.issuer].entries[record.id].has_left = record.has_left

    return broken


def told_before_override(override: Any) -> Any:
    """H2: whoever asks hears that the approval is gone while that is still being written."""

    def broken(self: Reversing, transaction: Transaction, records: Any, reversal: Any) -> None:
        transaction.approval_on_record = False
        override(self, transaction, records, reversal)
        transaction.is_settling = False

    return broken


def refused_is_gone(finished: Any) -> Any:
    """H1: what the disk refused is not there, says this one, and 96 is heard at once."""

    def broken(self: Conductor, transaction: Transaction, told: Any) -> None:
        if transaction.target is None and not told.approves and told.decided_by == "router":
            transaction.approval_on_record = False
            if transaction.needs_reversal:
                self._reversing.reverse(transaction)
        finished(self, transaction, told)

    return broken


BUGS: Final[dict[str, Bug]] = {
    "reversal-without-repeat-flag": Bug(saf, "message_types", never_flagged),
    "reversal-lost-by-a-kill": Bug(Commits, "insist", reversal_forgotten),
    "inquiry-reversed": Bug(Transaction, "may_hold", everything_holds, "deaf"),
    "recovery-reverses-answered": Bug(Recovery, "_answered", answered_unread),
    "de-90-names-another": Bug(outbound, "original_data", wrong_original),
    "deadline-ignored": Bug(Conductor, "_exchange", time_ignored, "stall"),
    "sent-after-its-reversal": Bug(Conductor, "_exchange", void_ignored, "stall"),
    "approval-before-its-record": Bug(Conductor, "resume", approval_heard_early, "all"),
    "left-taken-for-never-left": Bug(Conductor, "_silent", sent_twice, "network"),
    "not-found-is-final": Bug(StoreAndForward, "responded", not_found_is_final, "overtaken"),
    "late-answer-to-another": Bug(Line, "match", matched_to_another, "issuer"),
    "stan-from-one-after-restart": Bug(
        Stans, "go_on_behind", lambda _: lambda self, stan: None, "restarts"
    ),
    "unflagged-after-restart": Bug(Recovery, "_stored", unflagged_after_restart),
    "only-repeats-looked-up": Bug(
        known,
        "is_same_without_time",
        lambda _: lambda new, old: message_types.is_repeat(new.mti),
        "network",
    ),
    "partial-is-the-end": Bug(
        Transaction, "is_reversed_as", lambda _: lambda self, stays: self.is_reversed
    ),
    "declines-while-approval-under-way": Bug(
        Transaction, "must_stay_silent", lambda _: property(lambda self: False), "stall", 300
    ),
    "refused-is-gone": Bug(Conductor, "_finished", refused_is_gone, "refusals", 300),
    "told-before-override": Bug(Reversing, "_override", told_before_override, "stall"),
}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this fault in the router; without a name, with none."""
    if name is None:
        yield
        return
    bug = BUGS[name]
    sound = bug.owner.__dict__[bug.name]
    setattr(bug.owner, bug.name, bug.broken(sound))
    try:
        yield
    finally:
        setattr(bug.owner, bug.name, sound)
