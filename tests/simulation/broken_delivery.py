"""Broken delivery: reversals, store and forward, stand-in, reloads."""

from types import SimpleNamespace
from typing import Any, Final

from router.switching import (
    authorization,
    message_types,
    saf,
    stand_in,
    stand_in_records,
)
from router.switching.conductor import Conductor
from router.switching.issuers import Issuers
from router.switching.pending import Line, Waiting
from router.switching.reversing import Reversing
from router.switching.saf import StoreAndForward
from router.switching.saf_entry import SafEntry
from router.switching.saf_operator import SafOperator
from router.switching.saf_queue import SafQueue
from router.switching.transaction import Transaction
from router.wire.message import Message
from specs.elements import DE
from tests.simulation.bug import Bug, constant


def never_flagged(_: Any) -> Any:
    """The second transmission of an entry looks like the first."""
    return SimpleNamespace(
        repeated=lambda mti: mti,
        response_to=message_types.response_to,
        is_reversal=message_types.is_reversal,
    )


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
        for one in [] if waiting is not None else self._waiting.everything():
            if one.response_mti == response.mti:
                self._take(one)
                another: Waiting = one
                return another
        return waiting

    return broken


def told_before_override(override: Any) -> Any:
    """H2: whoever asks hears that the approval is gone while that is still being written."""

    def broken(self: Reversing, transaction: Transaction, records: Any, reversal: Any) -> None:
        transaction.approval_on_record = False
        override(self, transaction, records, reversal)
        transaction.is_settling = False

    return broken


def old_approval_heard(override: Any) -> Any:
    """A repeat of what the router reversed hears 00, as if nothing had been."""

    def broken(self: Reversing, transaction: Transaction, records: Any, reversal: Any) -> None:
        told = transaction.told
        override(self, transaction, records, reversal)
        if told is not None and told.approves:
            transaction.told = told
            transaction.when_settled += (lambda: setattr(transaction, "told", told),)

    return broken


def any_answer_reverses(reverse_online: Any) -> Any:
    """H9: 91 and 25 to a 0400 are taken for its confirmation."""

    def broken(transaction: Transaction, switch: Any) -> Any:
        life = reverse_online(transaction, switch)
        event: Any = None
        while True:
            try:
                need = life.send(event)
            except StopIteration as end:
                return end.value
            event = yield need
            if isinstance(event, Message) and event.text(DE.RESPONSE_CODE) not in ("00", "400"):
                good = "00" if event.codec.dialect.version == 1987 else "400"
                event = event.codec.rewritten(event, None, {DE.RESPONSE_CODE: good})

    return broken


def ended_in_memory(acknowledged: Any) -> Any:
    """The end of an entry is not recorded: each restart sends it again."""
    return lambda self, issuer, entry: saf.ended(issuer, entry.stored.id, "")


def each_its_own(entry: SafEntry) -> str:
    """Entries of one card go whenever they like."""
    return "".join(entry.stored.id)


def last_of_its_row(_: Any) -> Any:
    """What is tried again may come behind its own reversal."""
    return lambda self, entry: self.add(entry)


def advice_forgotten(advised: Any) -> Any:
    """The issuer never hears what was approved for it."""

    def broken(*given: Any) -> Any:
        told, _ = advised(*given)
        return told, []

    return broken


DELIVERY: Final[dict[str, Bug]] = {
    "reversal-without-repeat-flag": Bug(saf, "message_types", never_flagged, "crash"),
    "not-found-is-final": Bug(StoreAndForward, "responded", not_found_is_final, "overtaken"),
    "late-answer-to-another": Bug(Line, "match", matched_to_another, "issuer", 100),
    "partial-is-the-end": Bug(
        Transaction, "is_reversed_as", lambda _: lambda self, stays: self.is_reversed, "calm"
    ),
    "told-before-override": Bug(Reversing, "_override", told_before_override, "stall", 100),
    "repeat-hears-00-after-reversal": Bug(Reversing, "_override", old_approval_heard, "deaf", 200),
    "online-0400-takes-any-answer": Bug(
        authorization, "reverse_online", any_answer_reverses, "issuer", 100
    ),
    "entry-ended-in-memory-only": Bug(StoreAndForward, "_acknowledged", ended_in_memory, "crash"),
    "retried-in-memory-only": Bug(SafOperator, "_commit", constant(None), "operator"),
    "retried-in-any-order": Bug(SafQueue, "give_back", last_of_its_row, "operator refusals", 200),
    "0120-before-0420": Bug(
        SafEntry, "card", lambda _: property(each_its_own, lambda self, card: None), "standing"
    ),
    "behind-a-parked-entry": Bug(SafQueue, "behind", constant([]), "parking", 200),
    "stand-in-without-a-reversal": Bug(stand_in_records, "undoing", constant([]), "standing"),
    "stand-in-without-an-advice": Bug(stand_in_records, "advised", advice_forgotten, "standing"),
    "stand-in-of-the-reversed": Bug(stand_in, "is_open", constant(True), "standing", 200),
    "removed-issuer-forgotten": Bug(
        Issuers,
        "named",
        lambda _: lambda self, name: self._configured.get(name),
        "removals",
        300,
    ),
    "issuer-that-returns-is-new": Bug(Conductor, "former_issuer", constant(None), "removals"),
}
