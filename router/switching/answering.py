"""Answers to acquirers: each request hears one, made from its own elements, before its deadline."""

from typing import Final

from router.switching.clock import Clock
from router.switching.held import Bucket
from router.switching.peers import AcquirerLink
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.switching.told import Told, declined
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer, TransactionEvent
from router.switching.translation import Translation
from router.wire.message import Message
from specs.elements import DE

NO_ANSWER_IN_TIME: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "deadline")
REPLY_MARGIN_S: Final = 0.15  # the last answer leaves so much before the deadline,
REPLY_MARGIN_S_MIN: Final = 0.1  # or so much, where many are due at once


class Waits:
    """What waits of one acquirer: how many, and in which of the queues; and its rate."""

    __slots__ = ("acquirer", "answer_within_s", "bucket", "in_flight", "name", "queue")

    def __init__(self, acquirer: str) -> None:
        self.acquirer = acquirer
        self.name = acquirer.encode("latin-1")  # as it stands in an About
        self.bucket = Bucket()
        self.in_flight = 0
        self.answer_within_s = -1.0
        self.queue = Queue()


class Queue:
    """Requests of equally patient acquirers, in order of deadline: each knows those beside it.

    Once it has left, a request refers to nothing here: the collector does not see them.
    """

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: Request | None = None
        self.last: Request | None = None

    def enter(self, request: Request) -> None:
        last = self.last
        if last is None:
            self.first = request
        else:
            last.behind = request
            request.before = last
        self.last = request

    def leave(self, request: Request) -> None:
        before, behind = request.before, request.behind
        if before is None:
            self.first = behind
        else:
            before.behind = behind
        if behind is None:
            self.last = before
        else:
            behind.before = before
        request.before = request.behind = None


class Answering:
    """Who waits until when. Requests of equally patient acquirers stand in order of deadline."""

    __slots__ = (
        "_clock",
        "_exchanges",
        "_holders",
        "_last_waits",
        "_observer",
        "_queues",
        "_translation",
        "_waits",
        "in_flight",
    )

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._exchanges = observer.exchanges
        self._translation = Translation()
        self._queues: dict[float, Queue] = {}
        self._waits: dict[str, Waits] = {}  # by acquirer
        self._last_waits: Waits | None = None  # mostly those of the next message, too
        self._holders = 0
        self.in_flight = 0  # requests that have not been answered yet

    @property
    def holders(self) -> int:
        """Acquirers that have something in flight."""
        return self._holders

    def in_flight_of(self, acquirer: str) -> int:
        waits = self._waits.get(acquirer)
        return waits.in_flight if waits is not None else 0

    def waits_of(self, acquirer: str) -> Waits:
        """Asked for once for each message."""
        waits = self._last_waits
        if waits is None or waits.acquirer != acquirer:
            waits = self._waits.get(acquirer)
            if waits is None:
                waits = self._waits[acquirer] = Waits(acquirer)
            self._last_waits = waits
        return waits

    def expect(self, request: Request, transaction: Transaction) -> None:
        """It waits from now on; `due` names it at its deadline."""
        if request.queue is not None:
            return
        acquirer, waits = request.acquirer, request.waits
        if waits.answer_within_s != acquirer.answer_within_s:
            waits.answer_within_s = acquirer.answer_within_s
            waits.queue = self._queues.setdefault(acquirer.answer_within_s, Queue())
        waits.queue.enter(request)
        request.waits_for = transaction
        request.queue = waits.queue
        self._holders += not waits.in_flight
        waits.in_flight += 1
        self.in_flight += 1

    def reply(self, request: Request, told: Told, transaction: Transaction | None) -> bool:
        """False: undeliverable, nothing was written."""
        if request.is_done:
            return False
        self._done(request)
        now = self._clock.now()
        approval = transaction if told.approves and request.kind.is_request else None
        response = self._translation.response_to(request, told)
        delivered = now < request.deadline and request.link.reply(response, approval)
        if delivered and approval is not None:
            approval.heard += 1
        self._observed(request, told, transaction, delivered, now)
        return delivered

    def turn_away(self, link: AcquirerLink, message: Message, told: Told) -> None:
        """Cheaply: many at a time are counted, and told of together."""
        link.reply(self._translation.decline(message, told))

    def tell(self, transaction: Transaction, told: Told) -> bool:
        """Everybody who waits hears it, and every repeat to come. False: none of them took it."""
        transaction.told = told
        waiting, transaction.requests = transaction.requests, ()
        is_heard = False
        for request in waiting:
            if self.reply(request, told, transaction):
                is_heard = True
        return is_heard

    def stay_silent(self, request: Request, transaction: Transaction) -> None:
        """Nothing that could be said now is sure to be true."""
        if not request.is_done:
            self._done(request)
            nothing = Told("", False, "router", "journal")
            self._observed(request, nothing, transaction, False, self._clock.now())

    def due(self, now: float, most: int) -> list[tuple[Request, Transaction]]:
        """Those whose last moment has come; above `most`, only those that cannot wait."""
        found: list[tuple[Request, Transaction]] = []
        for queue in self._queues.values():
            request = queue.first
            while request is not None:
                margin_s = REPLY_MARGIN_S if len(found) < most else REPLY_MARGIN_S_MIN
                if request.deadline - margin_s > now:
                    break
                transaction = request.waits_for
                assert transaction is not None, "it waits"
                found.append((request, transaction))
                request = request.behind
        return found

    def at_deadline(self, request: Request, transaction: Transaction) -> None:
        """Its last moment: silence where an approval is on its way to the disk, else a decline."""
        if request.kind.is_reversal and transaction.about.key != request.about.key:
            self.reply(request, NO_ANSWER_IN_TIME, transaction)
        elif transaction.must_stay_silent:
            self.stay_silent(request, transaction)
        else:
            transaction.is_void = True
            self.reply(request, NO_ANSWER_IN_TIME, transaction)

    def _done(self, request: Request) -> None:
        request.is_done = True
        queue, request.queue = request.queue, None
        if queue is None:
            return
        queue.leave(request)
        request.waits_for = None
        waits = request.waits
        waits.in_flight -= 1
        self._holders -= not waits.in_flight
        self.in_flight -= 1

    def _observed(
        self,
        request: Request,
        told: Told,
        transaction: Transaction | None,
        delivered: bool,
        now: float,
    ) -> None:
        # A repeat waited for neither: the HSM and the issuer worked for its original.
        asked = transaction if transaction is not None and transaction.request is request else None
        issuer = transaction.issuer if transaction is not None else None
        total_us = int((now - request.arrived) * 1_000_000)
        self._exchanges.add(
            request.acquirer.name,
            issuer.name if issuer is not None else "",
            request.mti,
            told.code if delivered else "",
            told.decided_by,
            asked.hsm_us if asked is not None else 0,
            asked.issuer_us if asked is not None else 0,
            total_us,
        )
        if asked is None or asked.on_record is not told:
            self._observer.transaction(event_of(request, told, transaction, delivered, total_us))
        elif not delivered:
            self._observer.happened(
                "answer_not_delivered", acquirer=request.acquirer.name,
                stan=request.text(DE.STAN), rrn=request.text(DE.RRN),
            )  # fmt: skip


def event_of(
    request: Request, told: Told, transaction: Transaction | None, delivered: bool, total_us: int
) -> TransactionEvent:
    """Of an exchange that no record tells of."""
    sent = transaction.outbound if transaction is not None else None
    issuer = transaction.issuer if transaction is not None else None
    asked = transaction if transaction is not None and transaction.request is request else None
    amount = request.text(DE.AMOUNT)
    return TransactionEvent(
        mti=request.mti,
        stan=request.text(DE.STAN),
        issuer_stan=sent.stan if sent is not None else "",
        rrn=request.text(DE.RRN),
        acquirer=request.acquirer.name,
        issuer=issuer.name if issuer is not None else "",
        pan_masked=str(request.pan) if request.pan is not None else "",
        amount_minor=int(amount) if amount.isdigit() else 0,
        currency=request.text(DE.CURRENCY),
        response_code=told.code if delivered else "",
        decided_by=told.decided_by,
        ended_in=told.ended_in if delivered or not told.code else "delivery",
        hsm_us=asked.hsm_us if asked is not None else 0,
        issuer_us=asked.issuer_us if asked is not None else 0,
        total_us=total_us,
    )
