"""Reversals: those that acquirers send, and our own of what nobody may keep.

Theory. What an acquirer hears must never contradict what a restart would read in the journal. An
approval is heard only when its record is durable; once an approval is on its way to the disk nobody
hears anything else until the record that overrides it is durable; and a reversal is on its way to
the disk before anybody hears that the approval is gone.
"""

from collections.abc import Callable
from typing import TypeGuard

from router.switching import message_types
from router.switching.answering import Answering
from router.switching.authorization import NOT_CONFIRMED, refused
from router.switching.commits import Commits
from router.switching.known import Known
from router.switching.outbound import kept_values, with_sender
from router.switching.peers import Issuer
from router.switching.records import answered, becomes_stored, new_entry, reversal_records
from router.switching.request import Original, Request
from router.switching.response_codes import ResponseCode
from router.switching.switch import Switch
from router.switching.told import NOT_STORED, REVERSAL_ACCEPTED, Told, declined
from router.switching.transaction import Transaction, from_record, from_request
from router.switching.transaction_event import Observer
from specs.elements import DE
from specs.journal_format import About, Record, Reversed

REVERSED = declined(ResponseCode.ISSUER_INOPERATIVE, "reversal")
COMES_AFTER_ITS_REVERSAL = declined(ResponseCode.DUPLICATE, "duplicates")


class Reversing:
    """The table of docs/rules.md for reversals, and our own of undeliverable approvals."""

    __slots__ = ("_answering", "_commits", "_known", "_observer", "_start", "switch")

    def __init__(
        self,
        switch: Switch,
        known: Known,
        answering: Answering,
        commits: Commits,
        observer: Observer,
        start: Callable[[Transaction], None],
    ) -> None:
        self.switch = switch
        self._known = known
        self._answering = answering
        self._commits = commits
        self._observer = observer
        self._start = start  # drives a life

    def arrive(self, request: Request) -> None:
        """A 0400 or 0420 of an acquirer."""
        refusal = refused(request)
        if refusal is not None:
            self._answering.reply(request, refusal, None)
            return
        originals = request.named_originals
        transaction = self._known.find_original(originals)
        if transaction is None:
            self._reverse_unknown(request, originals[0])
        elif not is_about(request, transaction):
            self._answering.reply(request, COMES_AFTER_ITS_REVERSAL, None)
        elif transaction.is_settling:
            self._arrive_when_settled(transaction, request)
        elif is_rest_of_unknown(request, transaction):
            self._reverse_rest_of_unknown(request, transaction)
        elif is_joined_by(transaction.reversing, request):
            self._join(transaction.reversing, request)
        elif transaction.is_reversed_as(request.amount_that_stays) or is_declined(transaction):
            self._answering.reply(request, REVERSAL_ACCEPTED, transaction)
        elif request.mti[:3] == "040" and may_go_online(transaction):
            self._reverse_online(transaction, request)
        elif (
            transaction.outbound is not None or transaction.advice is not None
        ) and not self._may_store(transaction):
            self._answering.reply(request, NOT_STORED, transaction)
        else:
            # Of what is in flight nothing stays: its acquirer hears it declined.
            stays = request.amount_that_stays if transaction.told is not None else None
            transaction.is_void = True
            self.reverse(transaction, stays)
            self._arrive_when_settled(transaction, request)

    def reverse(self, transaction: Transaction, amount_that_stays: str | None = None) -> None:
        """By a stored 0420, where something may be held."""
        records = reversal_records(transaction, self.switch, amount_that_stays)
        self._override(transaction, records, None)

    def store(self, transaction: Transaction) -> None:
        """A 0400 that its issuer did not confirm, or that a restart found in flight."""
        target = transaction.target
        assert target is not None
        self._override(target, becomes_stored(transaction, self.switch), transaction)

    def _override(
        self, transaction: Transaction, records: list[Record], reversal: Transaction | None
    ) -> None:
        """On its way to the disk now; until it is there nobody hears that the approval is gone."""
        told = transaction.told
        then_told = told if transaction.partial and told is not None else REVERSED
        transaction.is_settling = True
        if transaction.life is None:
            transaction.told = None if transaction.approval_on_record else then_told

        def durable(_: bool) -> None:
            self._settled(transaction, then_told)
            if reversal is not None:
                self._answering.tell(reversal, REVERSAL_ACCEPTED)

        self._commits.insist(records, durable)

    def online_finished(self, transaction: Transaction, told: Told) -> None:
        """A 0400's life is over: confirmed, not confirmed, or never begun."""
        target, request = transaction.target, transaction.request
        assert target is not None
        assert request is not None
        target.reversing = None
        if told is NOT_CONFIRMED and target.is_reversed_as(request.amount_that_stays):
            told = REVERSAL_ACCEPTED  # meanwhile another reversal did it
        elif told is NOT_CONFIRMED and (transaction.has_left or self._may_store(target)):
            self.store(transaction)
            return
        elif told.approves:
            target.mark_reversed(request.amount_that_stays, REVERSED)
        self._answering.tell(transaction, told)
        if target.told is not None:
            self._answering.tell(target, target.told)

    def _reverse_online(self, target: Transaction, request: Request) -> None:
        transaction = from_request(request, may_hold=False)
        transaction.target = target
        transaction.issuer = target.issuer
        assert target.issuer is not None
        transaction.send_by = min(request.arrived + target.issuer.terms.timeout_s, request.deadline)
        transaction.step_began = self.switch.now()
        target.reversing = transaction
        self._answering.expect(request, transaction)
        self._start(transaction)

    def _may_store(self, transaction: Transaction) -> bool:
        return transaction.issuer is not None and self.switch.may_store(transaction.issuer)

    def _join(self, reversing: Transaction, request: Request) -> None:
        if reversing.told is not None:
            self._answering.reply(request, reversing.told, reversing)
        else:
            reversing.requests += (request,)
            self._answering.expect(request, reversing)

    def _arrive_when_settled(self, transaction: Transaction, request: Request) -> None:
        """Once what is on its way to the disk is there, it is looked at again."""

        def settled() -> None:
            if not request.is_done:
                self.arrive(request)

        transaction.when_settled += (settled,)
        self._answering.expect(request, transaction)

    def _reverse_unknown(self, request: Request, original: Original) -> None:
        """Forwarded as received, and remembered: an original that comes after it is declined."""
        issuer = self._issuer_of(request)
        if isinstance(issuer, Told):
            self._answering.reply(request, issuer, None)
            return
        named = original.about
        # Known by a repeat: the DE 7 it was named by may be that of one.
        about = About(named.text, message_types.repeated(named.mti))
        transaction = from_record(about, request.arrived)
        transaction.issuer = issuer
        self._known.add(transaction)
        self._store_unknown(request, transaction, issuer)

    def _reverse_rest_of_unknown(self, request: Request, transaction: Transaction) -> None:
        issuer = self._issuer_of(request)
        if isinstance(issuer, Told):
            self._answering.reply(request, issuer, None)
        else:
            self._store_unknown(request, transaction, issuer)

    def _issuer_of(self, request: Request) -> Issuer | Told:
        """Of a reversal that goes by its own elements; or why it cannot be taken."""
        if not request.names_card:
            return declined(ResponseCode.FORMAT_ERROR, "format")
        bin_range = self.switch.range_of(request)
        if bin_range is None or not bin_range.issuer:
            return declined(ResponseCode.NO_ROUTE, "routing")
        issuer = self.switch.issuers[bin_range.issuer]
        return NOT_STORED if self._known.is_full or not self.switch.may_store(issuer) else issuer

    def _store_unknown(self, request: Request, transaction: Transaction, issuer: Issuer) -> None:
        transaction.is_settling = True
        transaction.reverse(request.amount_that_stays)
        records: list[Record] = [
            answered(transaction, COMES_AFTER_ITS_REVERSAL),
            Reversed(transaction.about, transaction.partial),
        ]
        if transaction.may_hold:
            self._observer.alarm(
                "reversal_of_unknown_original",
                acquirer=request.acquirer.name,
                stan=request.values.get(DE.STAN, ""),
                rrn=request.values.get(DE.RRN, ""),
            )
            values = kept_values(with_sender(request), request)
            records.append(new_entry(transaction, issuer, "0420", values, "", None, self.switch))
        self._arrive_when_settled(transaction, request)
        self._commits.insist(
            records, lambda _: self._settled(transaction, COMES_AFTER_ITS_REVERSAL)
        )

    def found_in_flight(self, transaction: Transaction) -> None:
        """By a restart: whoever asks about it hears nothing before its reversal is durable."""
        transaction.approval_on_record = True  # perhaps: nobody knows
        self.reverse(transaction)

    def _settled(self, transaction: Transaction, told: Told) -> None:
        transaction.is_settling = False
        transaction.approval_on_record = told.approves
        if transaction.life is None:
            self._answering.tell(transaction, told)
        actions, transaction.when_settled = transaction.when_settled, ()
        for action in actions:
            action()


def is_rest_of_unknown(request: Request, transaction: Transaction) -> bool:
    """More of a request that was never seen here, and is reversed in part already."""
    return (
        transaction.partial
        and transaction.told is not None
        and not transaction.told.approves
        and not transaction.is_reversed_as(request.amount_that_stays)
    )


def is_declined(transaction: Transaction) -> bool:
    """And a restart knows: else its reversal is put on record, or an original that comes after it
    would be new then. (What holds nothing may be new again.)
    """
    if transaction.told is None or transaction.told.approves:
        return False
    return transaction.outbound is not None or not transaction.may_hold


def is_joined_by(reversing: Transaction | None, request: Request) -> TypeGuard[Transaction]:
    """The same is being reversed on line already."""
    if reversing is None or reversing.request is None:
        return False
    return reversing.request.amount_that_stays == request.amount_that_stays


def may_go_online(transaction: Transaction) -> bool:
    """Not past a message about it that is still stored, nor past the original itself."""
    return (
        transaction.told is not None
        and transaction.advice is None
        and transaction.reversing is None
        and not transaction.partial
        and transaction.may_hold
        and transaction.has_left
        and transaction.issuer is not None
    )


def is_about(reversal: Request, transaction: Transaction) -> bool:
    """The same purchase; DE 4 may be what was approved in part, the rest may be absent."""
    parts, values = transaction.about.parts, reversal.values
    if reversal.pan is not None and reversal.pan.reveal() != parts.pan:
        return False
    return (
        values.get(DE.PROCESSING_CODE, parts.processing_code) == parts.processing_code
        and values.get(DE.CURRENCY, parts.currency) == parts.currency
        and values.get(DE.AMOUNT, parts.amount) in (parts.amount, transaction.approved_amount)
    )
