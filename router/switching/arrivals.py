"""What acquirers send: turned away, known already, or a transaction that begins."""

from typing import Final

from router.switching.admission import Admission
from router.switching.answering import Answering, Waits
from router.switching.authorization import received
from router.switching.clock import Clock
from router.switching.commits import Commits
from router.switching.elements import Elements
from router.switching.known import Known
from router.switching.message_types import type_of
from router.switching.outbound import kept_values, with_sender
from router.switching.peers import Acquirer, AcquirerLink
from router.switching.recognition import numbers_of
from router.switching.records import answered, new_entry
from router.switching.refused import Refused
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.switching.reversing import Reversing
from router.switching.switch import Switch
from router.switching.told import NOT_STORED, OVERLOADED, Told, declined
from router.switching.transaction import Transaction, from_request
from router.switching.transaction_event import Observer
from router.switching.translation import CANONICAL, canonical
from router.wire.message import Message

WAITING_MAX: Final = 8  # requests that wait for one answer: an original and its repeats
NOT_SUPPORTED: Final = declined(ResponseCode.INVALID_TRANSACTION, "format")
TAKEN: Final = Told(ResponseCode.APPROVED, True, "router", "journal")


class Arrivals:
    """Up to where a life begins; lives are the conductor's."""

    __slots__ = (
        "_admission",
        "_answering",
        "_clock",
        "_commits",
        "_known",
        "_observer",
        "_refused",
        "_reversing",
        "_told_by_follower",
        "switch",
    )

    def __init__(
        self,
        switch: Switch,
        clock: Clock,
        known: Known,
        admission: Admission,
        answering: Answering,
        reversing: Reversing,
        commits: Commits,
        observer: Observer,
        told_by_follower: bool,
    ) -> None:
        self.switch = switch
        self._clock = clock
        self._known = known
        self._admission = admission
        self._answering = answering
        self._reversing = reversing
        self._commits = commits
        self._observer = observer
        self._told_by_follower = told_by_follower
        self._refused = Refused()

    def arrive(self, link: AcquirerLink, message: Message) -> Transaction | None:
        """Any message but network management (08xx). Says whose life begins."""
        acquirer, asked = link.acquirer, type_of(message.mti)
        if not asked.may_be_answered:
            self._observer.counted("unexpected_message", acquirer.name)
            return None
        now = self._clock.now()
        waits = self._answering.waits_of(acquirer.name)
        why_not: str | None = None  # nobody asked yet
        kind, values = asked, None
        if message.codec.version != CANONICAL:
            mti, values = canonical(message)
            kind = type_of(mti)
        elif asked.is_first_request:
            why_not = self._why_not(acquirer, waits, now)
            if why_not and self._is_turned_away(link, waits, message, why_not, now):
                return None
        request = Request(link, acquirer, waits, message, kind, values, now)
        if kind.is_request or kind.is_advice:
            return self._arrived(request, why_not)
        if not kind.is_reversal:
            self._answering.reply(request, NOT_SUPPORTED, None)
        elif self._is_full(acquirer, waits):
            self._answering.reply(request, OVERLOADED, None)  # its acquirer keeps it
        else:
            self._reversing.arrive(request)
        return None

    def _is_turned_away(
        self, link: AcquirerLink, waits: Waits, message: Message, why_not: str, now: float
    ) -> bool:
        """By its numbers alone, before more is made of it: what is turned away must cost little.

        False: it may be known, or have been turned away before, or its link is not signed on.
        """
        elements = Elements(message, None)
        key_hash, numbers = numbers_of(waits.name, message.mti, elements)
        if not link.is_signed_on or self._known.may_know(key_hash, elements):
            return False
        if self._refused.holds(numbers, now):
            return False
        self._refused.add(numbers, now)
        self._admission.turned_away(link.acquirer.name, why_not)
        self._answering.turn_away(link, message, OVERLOADED)
        return True

    def is_new(self, link: AcquirerLink, message: Message) -> bool:
        """No reversal, and no repeat of what is known: the rest is heard while the router drains.

        A repeat may be of an approval that was lost on its way; a decline would hide it.
        """
        mti, values = canonical(message)
        kind = type_of(mti)
        if kind.is_reversal:
            return False
        acquirer = link.acquirer
        waits = self._answering.waits_of(acquirer.name)
        request = Request(link, acquirer, waits, message, kind, values, self._clock.now())
        return self._known.find(request) is None

    def _is_full(self, acquirer: Acquirer, waits: Waits) -> bool:
        in_flight = max(self._answering.in_flight, self._admission.lives)
        holders = self._answering.holders
        return self._admission.is_full(acquirer, in_flight, waits.in_flight, holders)

    def _why_not(self, acquirer: Acquirer, waits: Waits, now: float) -> str:
        """A new request or advice is turned away; empty: it is let in."""
        if self._known.is_full or self._is_full(acquirer, waits):
            return "in_flight"
        if not waits.bucket.takes(now, acquirer.requests_per_s, acquirer.requests_burst):
            return "rate"  # more in a second than was agreed with it
        if self._admission.pressure.share >= 1.0 or self._has_little(waits.in_flight):
            return ""
        inside = self._admission.lives - self._admission.at_issuers
        return "" if self._admission.pressure.lets_in(inside) else "pressure"

    def _has_little(self, mine: int) -> bool:
        """In flight: less than its equal part, so that those who press do not press it out."""
        answering = self._answering
        return not mine or mine * answering.holders < answering.in_flight

    def _arrived(self, request: Request, why_not: str | None) -> Transaction | None:
        """`why_not` it is let in, where that was asked before; empty: it is."""
        outcome = received(request, self._known)
        if isinstance(outcome, Told):
            self._answering.reply(request, outcome, None)
        elif isinstance(outcome, Transaction):
            self._join(outcome, request)  # overloaded or not: 96 would hide what was approved
        elif not self._refused.is_empty and self._refused.holds(
            request.about.numbers, request.arrived
        ):
            self._answering.reply(request, OVERLOADED, None)
        else:
            if why_not is None:
                why_not = self._why_not(request.acquirer, request.waits, request.arrived)
            if not why_not:
                return self._begin(request)
            if not request.kind.is_advice:  # its sender keeps that, and comes again
                self._refused.add(request.about.numbers, request.arrived)
            self._admission.turned_away(request.acquirer.name, why_not)
            self._answering.turn_away(request.link, request.message, OVERLOADED)
        return None

    def _join(self, transaction: Transaction, request: Request) -> None:
        """A repeat: the stored answer, or that of the one in flight."""
        if transaction.told is not None and transaction.reversing is None:
            self._answering.reply(request, transaction.told, transaction)
        elif len(transaction.requests) >= WAITING_MAX:
            self._answering.at_deadline(request, transaction)
        else:
            transaction.requests += (request,)
            self._answering.expect(request, transaction)

    def _begin(self, request: Request) -> Transaction | None:
        transaction = from_request(request, request.may_hold)
        transaction.follower_tells = self._told_by_follower
        transaction.step_began = request.arrived
        self._known.add(transaction)
        self._answering.expect(request, transaction)
        if request.kind.is_advice:
            self._take_advice(transaction, request)
            return None
        return transaction

    def _take_advice(self, transaction: Transaction, request: Request) -> None:
        """Answered as soon as it is durable here, and delivered by store and forward."""
        bin_range = self.switch.range_of(request)
        if bin_range is None or not bin_range.issuer:
            self._answering.tell(transaction, declined(ResponseCode.NO_ROUTE, "routing"))
            self._known.forget(transaction)  # its acquirer keeps it, and may find a route later
            return
        issuer = transaction.issuer = self.switch.issuers[bin_range.issuer]
        if not self.switch.may_store(issuer):
            self._answering.tell(transaction, NOT_STORED)
            self._known.forget(transaction)
            return
        mti = request.kind.first_sent
        values = kept_values(with_sender(request), request)
        transaction.advice = new_entry(transaction, issuer, mti, values, "", None, self.switch)

        transaction.request = None

        def landed(durable: bool) -> None:
            if durable:
                self._answering.tell(transaction, TAKEN)
            else:
                self._answering.tell(transaction, NOT_STORED)
                self._known.forget(transaction)

        self._commits.once([answered(transaction, TAKEN), transaction.advice], landed)
