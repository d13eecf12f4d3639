"""Broken lives: deadlines, the disk, repeats, limits."""

from types import SimpleNamespace
from typing import Any, Final

from router.switching import arrivals, authorization, conductor, known, message_types
from router.switching.answering import Answering
from router.switching.arrivals import Arrivals
from router.switching.commits import Commit, Commits
from router.switching.conductor import NEVER_LEFT, Conductor
from router.switching.ending import Ending
from router.switching.known import Known
from router.switching.pending import Waiting
from router.switching.refused import Refused
from router.switching.request import Request
from router.switching.told import OVERLOADED, Told
from router.switching.transaction import Transaction
from specs.journal_format import Answered
from tests.simulation.bug import Bug, constant, constant_property


def everything_holds(_: Any) -> Any:
    """An inquiry is reversed like a purchase."""
    return property(lambda self: not message_types.is_reversal(self.about.mti))


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

        def early(commit: Commit, owner: Transaction) -> None:
            (first, *others) = commit.records
            if not others and isinstance(first, Answered) and first.approves:
                commits.once(commit.records, lambda _: None)
                resume(self, owner, conductor.DURABLE)
            else:
                original(commits, commit, owner)

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


def refused_is_gone(finished: Any) -> Any:
    """H1: what the disk refused is not there, says this one, and 96 is heard at once."""

    def broken(self: Ending, transaction: Transaction, told: Any) -> None:
        if transaction.target is None and not told.approves and told.decided_by == "router":
            transaction.approval_on_record = False
            if transaction.needs_reversal:
                self._reversing.reverse(transaction)
        finished(self, transaction, told)

    return broken


def overload_first(arrived: Any) -> Any:
    """However often a request was answered already, a crowd means 96."""

    def broken(self: Arrivals, request: Request, why_not: str | None) -> Any:
        if why_not is None:
            why_not = self._why_not(request.acquirer, request.waits, request.arrived)
        if not why_not:
            return arrived(self, request, why_not)
        self._answering.reply(request, OVERLOADED, None)
        return None

    return broken


def only_the_first_hears(tell: Any) -> Any:
    """Of several that wait for one answer."""

    def broken(self: Answering, transaction: Transaction, told: Told) -> bool:
        transaction.requests = transaction.requests[:1]
        heard: bool = tell(self, transaction, told)
        return heard

    return broken


def content_ignored(received: Any) -> Any:
    """Whatever has a known number is a repeat of what had it."""

    def broken(request: Request, requests: Known) -> Any:
        refusal = authorization.refused(request)
        return refusal if refusal is not None else requests.find(request)

    return broken


LIFE: Final[dict[str, Bug]] = {
    "inquiry-reversed": Bug(Transaction, "may_hold", everything_holds, "deaf"),
    "deadline-ignored": Bug(Conductor, "_exchange", time_ignored, "hasty"),
    "sent-after-its-reversal": Bug(Conductor, "_exchange", void_ignored, "hasty"),
    "approval-before-its-record": Bug(Conductor, "resume", approval_heard_early, "refusals"),
    "left-taken-for-never-left": Bug(Conductor, "_silent", sent_twice, "network"),
    "only-repeats-looked-up": Bug(
        known,
        "is_same_without_time",
        lambda _: lambda new, old: message_types.is_repeat(new.mti),
        "overtaking",
    ),
    "declines-while-approval-under-way": Bug(
        Transaction, "must_stay_silent", constant_property(False), "long stalls", 300
    ),
    "refused-is-gone": Bug(Ending, "finished", refused_is_gone, "refusals", 300),
    "overload-before-repeats": Bug(Arrivals, "_arrived", overload_first, "deaf crowd"),
    "overload-looks-at-no-known-ones": Bug(Known, "may_know", constant(False), "deaf crowd"),
    "refused-is-forgotten": Bug(Refused, "holds", constant(False), "deaf crowd", 200),
    "repeats-refused-while-draining": Bug(Conductor, "is_new", constant(True), "stops", 100),
    "nobody-is-told-at-the-deadline": Bug(Answering, "due", constant([]), "stall"),
    "only-the-first-of-several-hears": Bug(Answering, "tell", only_the_first_hears, "copies"),
    "other-content-taken-for-a-repeat": Bug(arrivals, "received", content_ignored, "calm"),
    "acquirer-s-pin-block-passed-on": Bug(
        authorization,
        "given_values",
        lambda sound: lambda request, numbers, pin, due: sound(request, numbers, None, due),
        "calm",
    ),
    "undeliverable-is-delivered": Bug(Conductor, "undeliverable", constant(None), "gone", 200),
}
