"""Drives the lives of transactions: gives each what it asks for, resumes it with what happened.

One conductor per router. Everything that happens outside reaches it as a call: a message from an
acquirer, a response, a line that came up or fell, records that became durable, a tick of the clock.
"""

from collections.abc import Callable, Iterable
from typing import Final

from router.switching import message_types
from router.switching.admission import Admission, Limits
from router.switching.answering import Answering
from router.switching.arrivals import Arrivals
from router.switching.authorization import life_of
from router.switching.clock import Clock
from router.switching.commits import Commit, Commits, Journal, Written
from router.switching.disk_refusal import DiskRefusal
from router.switching.ending import Ending
from router.switching.given_up import GivenUp
from router.switching.issuers import Issuers
from router.switching.known import Known
from router.switching.needs import (
    Durable,
    Event,
    Exchange,
    KeyChanged,
    NeverLeft,
    NotDurable,
    PinRefused,
    Silent,
    TooLate,
    TranslatePin,
    Verified,
    Verify,
)
from router.switching.peers import AcquirerLink, Issuer
from router.switching.pending import Line, Waiting
from router.switching.pin_key import is_same_key
from router.switching.ports import HearsHsm, Hsm
from router.switching.recovery import Recovery
from router.switching.response_codes import points_at_a_key
from router.switching.reversing import Reversing
from router.switching.saf import StoreAndForward
from router.switching.saf_entry import SafEntry
from router.switching.saf_operator import SafOperator
from router.switching.switch import Switch
from router.switching.told import Told
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Record, StandInMode, Stored

__all__ = ["Conductor", "Limits"]

DURABLE: Final = Durable()
NOT_DURABLE: Final = NotDurable()
SILENT: Final = Silent()
NEVER_LEFT: Final = NeverLeft()
TOO_LATE: Final = TooLate()
KEY_CHANGED: Final = KeyChanged()
DUE_AT_ONCE: Final = 32  # acquirers' deadlines in one turn, but for those that are close
MALFUNCTION: Final = "96"  # DE 39 of a host that is not well
MALFUNCTION_1993: Final = "909"
STORED: Final = Stored  # compiled, a name that is not Final is looked up at each use


class Conductor(HearsHsm):
    """See the module's docstring; `ports` names what it talks to."""

    def __init__(
        self,
        switch: Switch,
        clock: Clock,
        journal: Journal,
        hsm: Hsm,
        observer: Observer,
        limits: Limits,
        told_by_follower: bool = False,
    ) -> None:
        """`told_by_follower`: what is on record has its event from the journal's follower."""
        self.switch = switch
        self._clock = clock
        self._hsm = hsm
        self._observer = observer
        self._admission = Admission(limits)
        self._commits = Commits(journal)
        self._known = Known(limits.repeats_max, limits.repeat_window_s)
        self._answering = Answering(clock, observer)
        self._given_up = GivenUp(limits.given_up_at_once)
        self._has_due = False  # more than one turn may take
        self._saf = StoreAndForward(self._commits, clock, observer)
        self.saf_operator = SafOperator(self._commits, clock, observer)
        self._reversing = Reversing(
            switch, self._known, self._answering, self._commits, observer, self._start
        )
        self._ending = Ending(self._answering, self._reversing, self._commits, observer)
        self._arrivals = Arrivals(
            switch,
            clock,
            self._known,
            self._admission,
            self._answering,
            self._reversing,
            self._commits,
            observer,
            told_by_follower,
        )
        self._issuers = Issuers(switch.issuers)
        self._disk_refusal = DiskRefusal(self._issuers, self._known, self._commits)

    @property
    def in_flight(self) -> int:
        """Requests of acquirers that have not been answered yet."""
        return self._answering.in_flight

    def in_flight_of(self, acquirer: str) -> int:
        """Those of one acquirer."""
        return self._answering.in_flight_of(acquirer)

    @property
    def is_idle(self) -> bool:
        """Nobody waits, and nothing is in memory only: the process may end."""
        in_flight = self._answering.in_flight or self._admission.lives
        return not in_flight and not self._commits.waits_for_disk

    def use(self, switch: Switch) -> None:
        """After a reload. What is in flight keeps the issuer it was routed to.

        One that is gone is kept: what it approved can still be reversed. Its lines should be,
        while it is in use, and where it comes back it is the same one (`former_issuer`).
        """
        self._issuers.use(switch.issuers)
        self.switch = switch
        self._reversing.switch = switch
        self._arrivals.switch = switch

    @property
    def issuers(self) -> list[Issuer]:
        """Those that are configured, and those that were."""
        return self._issuers.all

    def former_issuer(self, name: str) -> Issuer | None:
        """One that an earlier configuration had: numbers, entries and approvals are still its."""
        return self._issuers.former.get(name)

    def recover(self, records: Iterable[Record]) -> None:
        """Before any link is opened: what the journal says was in flight."""
        recovery = self.recovery()
        recovery.read(records)
        self.recovered(recovery)

    def recovery(self) -> Recovery:
        """The same in parts: it reads what it is given; `recovered` ends it. No tick meanwhile."""
        return Recovery(
            self.switch,
            self._issuers.former,
            self._known,
            self._commits,
            self._reversing,
            self._clock,
        )

    def recovered(self, recovery: Recovery) -> None:
        """Everything was read."""
        recovery.end()
        for issuer in self.issuers:
            self._saf.found_at_start(issuer)
        for name, count in sorted(recovery.unknown_issuers.items()):
            self._observer.alarm("journal_names_unknown_issuer", issuer=name, records=count)

    def stand_in(
        self, issuer: Issuer, mode: str, who: str = "", then: Callable[[], None] | None = None
    ) -> None:
        """An operator's word: in force now; `then` is called when a restart would know it."""
        issuer.stand_in.mode = mode
        records: list[Record] = [
            StandInMode(issuer.name, mode, int(self._clock.wall()), who),
        ]
        self._commits.insist(records, None if then is None else lambda _: then())

    def tick(self) -> None:
        """Every 50 ms or so: deadlines, retries, what is due."""
        now = self._clock.now()
        for issuer in self._issuers.all:
            self._tick(issuer, now)
        self.go_on()
        self._commits.try_again(now)
        self._known.evict(now)
        self._admission.tick(now, self._observer)

    def _tick(self, issuer: Issuer, now: float) -> None:
        for line in issuer.lines:
            line.breaker.tick(now, line.name, self._observer)
            for waiting in line.expire(now):
                if isinstance(waiting.owner, Transaction):
                    self._failed(issuer, line, now)
                    if waiting.owner.target is None:
                        issuer.stand_in.silent(now)
                self._give_up(issuer, waiting)
        self._saf.tick(issuer, now)

    @property
    def is_behind(self) -> bool:
        """More is over than one turn may take: `go_on` is to be called again in a moment."""
        return not self._given_up.is_empty or self._has_due

    def go_on(self) -> None:
        """Requests without their answer, and acquirers' deadlines: a turn's part of them."""
        for issuer, waiting in self._given_up.part():
            self._silent(issuer, waiting)
        due = self._answering.due(self._clock.now(), DUE_AT_ONCE)
        self._has_due = len(due) >= DUE_AT_ONCE
        for request, transaction in due:
            self._answering.at_deadline(request, transaction)

    def _give_up(self, issuer: Issuer | None, waiting: Waiting) -> None:
        """Nothing answers it any more. Thousands at a time would stop everybody else."""
        if isinstance(waiting.owner, Transaction):
            self._given_up.add(issuer, waiting)
        else:
            self._silent(issuer, waiting)

    def turn_took(self, took_s: float) -> None:
        """A turn of the event loop, while messages arrived."""
        self._admission.turn_took(took_s, self._clock.now())

    @property
    def share_let_in(self) -> float:
        """Of new requests, at present: 1.0 unless there is more to do than can be done."""
        return self._admission.pressure.share

    # From acquirers.

    def arrive(self, link: AcquirerLink, message: Message) -> None:
        """Any message but network management (08xx)."""
        begun = self._arrivals.arrive(link, message)
        if begun is not None:
            self._start(begun)

    def is_new(self, link: AcquirerLink, message: Message) -> bool:
        """No reversal, and no repeat of what is known: the rest is heard while the router drains.

        A repeat may be of an approval that was lost on its way; a decline would hide it.
        """
        return self._arrivals.is_new(link, message)

    # From issuers.

    def line_up(self, line: Line) -> None:
        """Signed on: it may carry traffic."""
        line.carries_traffic = True
        issuer = self._issuers.named(line.issuer_name)
        if issuer is not None:
            issuer.stand_in.heard(self._clock.now())
            self._saf.pump(issuer)

    def heard(self, line: Line) -> None:
        """An answer to network management on a line that is signed on: an echo."""
        issuer = self._issuers.named(line.issuer_name)
        if issuer is not None:
            issuer.stand_in.heard(self._clock.now())

    def line_fell(self, line: Line) -> None:
        """Everything that waited on it hears so: nobody waits for a timeout."""
        issuer = self._issuers.named(line.issuer_name)
        now = self._clock.now()
        if issuer is not None and not any(
            one.carries_traffic for one in issuer.lines if one is not line
        ):
            issuer.stand_in.lines_fell(now)
        for waiting in line.fall(now):
            self._give_up(issuer, waiting)
        self.go_on()

    def respond(self, line: Line, response: Message) -> None:
        """A response of an issuer, network management apart."""
        waiting = line.match(response)
        if waiting is None:
            what = "late_response" if line.is_late(response) else "unknown_response"
            self._observer.unmatched(what, line.name, line.differing_elements(response))
            return
        owner, waiting.owner = waiting.owner, None
        if isinstance(owner, Transaction):
            self._admission.at_issuers -= 1
            self._answered(owner, line, response)
            self.resume(owner, response)
        elif isinstance(owner, SafEntry):
            issuer = self._issuers.named(line.issuer_name)
            assert issuer is not None, "an issuer stays while its entries wait"
            issuer.stand_in.heard(self._clock.now())
            self._saf.responded(issuer, owner, response)

    def _answered(self, owner: Transaction, line: Line, response: Message) -> None:
        """How long it took, and whether issuer and line are well."""
        now, issuer = self._clock.now(), owner.issuer
        took_s = now - owner.step_began
        owner.issuer_us += int(took_s * 1_000_000)
        owner.step_began = now
        if issuer is None:
            return
        if owner.target is None:
            issuer.stand_in.answered(now)
        self._admission.issuer_answered(owner, took_s)
        code = response.code()
        if code in (MALFUNCTION, MALFUNCTION_1993):
            self._failed(issuer, line, now)
        elif not line.breaker.is_calm:
            line.breaker.succeeded(line.name, self._observer)

    def _failed(self, issuer: Issuer, line: Line, now: float) -> None:
        terms = issuer.terms
        line.breaker.failed(
            now, terms.breaker_after, terms.breaker_wait_s, line.name, self._observer
        )

    def unreadable(self, line: Line, mti: str, stan: str) -> None:
        """A response of which no more than this can be read: as good as none, and known now."""
        now = self._clock.now()
        waiting = line.unreadable(mti, stan, now)
        if waiting is None:
            return
        issuer = self._issuers.named(line.issuer_name)
        if issuer is not None and isinstance(waiting.owner, Transaction):
            self._failed(issuer, line, now)
        self._silent(issuer, waiting)

    def _silent(self, issuer: Issuer | None, waiting: Waiting) -> None:
        owner, waiting.owner = waiting.owner, None
        if isinstance(owner, Transaction):
            self._admission.at_issuers -= 1
            now = self._clock.now()
            owner.issuer_us += int((now - owner.step_began) * 1_000_000)
            owner.step_began = now
            self.resume(owner, SILENT)
        elif isinstance(owner, SafEntry) and issuer is not None:
            self._saf.silent(issuer, owner)

    # The lives.

    def _start(self, transaction: Transaction) -> None:
        transaction.life = life_of(transaction, self.switch, self._admission).send
        self._admission.lives += 1
        self.resume(transaction, None)

    def resume(self, transaction: Transaction, event: Event) -> None:
        """Send what happened; carry out what the transaction needs next."""
        while transaction.life is not None:
            need = transaction.life(event)
            if isinstance(need, Told):
                transaction.life = None
                self._admission.lives -= 1
                self._admission.left(transaction)
                self._ending.finished(transaction, need)
                transaction.request = None
                return
            if isinstance(need, Commit):
                if self._admission.journal.is_idle:
                    self._admission.journal.began(transaction, self._clock.now())
                self._commits.for_transaction(need, transaction)
                return
            if isinstance(need, TranslatePin):
                if self._admission.hsm.is_idle:
                    self._admission.hsm.began(transaction, transaction.step_began)
                self._hsm.translate_pin(need, transaction)
                return
            if isinstance(need, Verify):
                self._hsm.verify(need, transaction)
                return
            refused = self._exchange(transaction, need)
            if refused is None:
                return
            event = refused

    def translated(self, transaction: Transaction, event: Event) -> None:
        """What the HSM says to a translation."""
        now = self._clock.now()
        transaction.hsm_us += int((now - transaction.step_began) * 1_000_000)
        transaction.step_began = now
        if self._admission.hsm.is_of(transaction):
            self._admission.hsm.ended(now)
        if isinstance(event, PinRefused) and points_at_a_key(event.hsm_error):
            self._observer.alarm(
                "pin_not_translated",
                hsm_error=event.hsm_error,
                acquirer=transaction.about.parts.acquirer,
                issuer=transaction.issuer.name if transaction.issuer is not None else "",
            )
        elif isinstance(event, Verified) and not event.is_clear:
            self._observer.alarm("stand_in_cannot_verify", hsm_error=event.hsm_error)
        self.resume(transaction, event)

    def _exchange(
        self, transaction: Transaction, need: Exchange
    ) -> NeverLeft | KeyChanged | TooLate | None:
        """None: it left, and waits."""
        line, outbound, issuer = need.line, need.outbound, transaction.issuer
        assert issuer is not None
        assert outbound is not None
        need.outbound = None
        transaction.step_began = self._clock.now()
        if transaction.step_began >= transaction.send_by or transaction.is_void:
            issuer.stans.free(outbound.text(DE.STAN))
            return TOO_LATE
        if not line.takes_requests or line.port is None:
            issuer.stans.free(outbound.text(DE.STAN))
            return NEVER_LEFT
        if need.pin_key is not None and not is_same_key(need.pin_key, issuer.pin_key):
            issuer.stans.free(outbound.text(DE.STAN))
            return KEY_CHANGED
        response_mti = message_types.response_to(outbound.mti)
        waiting = line.wait(outbound, response_mti, transaction, transaction.send_by)
        if not line.port.send(outbound):
            line.withdraw(waiting)
            return NEVER_LEFT
        line.breaker.sends()
        self._admission.sent(transaction)
        transaction.has_left = True
        self._admission.at_issuers += 1
        return None

    def undeliverable(self, approval: object) -> None:
        """A link took it, and closed before it was written."""
        assert isinstance(approval, Transaction)
        self._ending.undeliverable(approval)

    # From the journal.

    def landed(self, commits: list[Commit], durable: bool) -> None:
        """One group became durable, or was refused whole."""
        self._clock.stand()
        try:
            self._landed(commits, durable)
        finally:
            self._clock.go_on()

    def _landed(self, commits: list[Commit], durable: bool) -> None:
        for commit in commits:
            if durable:
                if not isinstance(commit, Written):  # which is of no entry
                    self._are_durable(commit.records)
            elif commit.insists:
                self._commits.refused(commit, self._clock.now())
                continue
            else:
                self._disk_refusal.of(commit.records, self._clock.now())
            if commit.owner is not None:
                if self._admission.journal.is_of(commit.owner):
                    self._admission.journal.ended(self._clock.now())
                if not durable:
                    commit.owner.on_record = None
                self.resume(commit.owner, DURABLE if durable else NOT_DURABLE)
            elif commit.then is not None:
                commit.then(durable)

    def _are_durable(self, records: list[Record]) -> None:
        for record in records:
            if type(record) is STORED:  # isinstance() of a Struct asks its metaclass
                issuer = self._issuers.named(record.issuer)
                entry = issuer.saf.entries.get(record.id) if issuer is not None else None
                if issuer is not None and entry is not None:
                    self._saf.is_durable(issuer, entry)
