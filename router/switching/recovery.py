"""What the journal tells a new router: who was in flight, what is to be delivered, which numbers.

*Forwarded* without *answered*: what may hold is reversed, a 0400 becomes its stored 0420 unless its
original is reversed already, an inquiry ends. What is *answered* belongs to the acquirer. Records
are read as they come, never all at once: what is over and too many for the repeat window leaves
again while the rest is read.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from router.switching import message_types
from router.switching.clock import Clock
from router.switching.commits import Commits
from router.switching.known import Known
from router.switching.outbound import kept_sent
from router.switching.peers import Issuer
from router.switching.records import amount_that_stays, answered, stays_of
from router.switching.response_codes import ResponseCode
from router.switching.reversing import Reversing
from router.switching.saf import ended
from router.switching.saf_entry import SafEntry, age_at_start
from router.switching.stand_in_counts import summed
from router.switching.switch import Switch
from router.switching.told import Told, declined
from router.switching.transaction import Transaction, from_record
from specs.elements import DE
from specs.journal_format import (
    About,
    Answered,
    Ended,
    EntryId,
    Forwarded,
    Kept,
    Key,
    NumberGiven,
    Record,
    Reversed,
    StoodIn,
    Stored,
)

FOREVER_S: Final = float("inf")
EVICT_EVERY: Final = 8192  # records: what is too many for the repeat window leaves
UNKNOWN_AMOUNT = "0" * 12  # of a partial reversal whose entry says it
FOUND_IN_FLIGHT = declined(ResponseCode.ISSUER_INOPERATIVE, "recovery")


class Recovery:
    """Used once, before any link is opened."""

    def __init__(
        self,
        switch: Switch,
        former: dict[str, Issuer],
        known: Known,
        commits: Commits,
        reversing: Reversing,
        clock: Clock,
    ) -> None:
        self._switch = switch
        self._former = former  # gets the issuers that only the journal knows
        self._known = known
        self._commits = commits
        self._reversing = reversing
        self._now = clock.now()
        self._transmission_time = clock.transmission_time()
        self._by_numbers: dict[tuple[str, str, str], Transaction] = {}  # issuer, STAN, DE 7
        self._online: dict[Key, Transaction] = {}
        self.records = 0  # read so far
        self.unknown_issuers: dict[str, int] = {}  # and how many records speak of them
        self._last: dict[str, str] = {}  # issuer -> STAN given last

    def replay(self, records: Iterable[Record]) -> None:
        """All records in their order; then whatever they leave open is ended."""
        self.read(records)
        self.end()

    def read(self, records: Iterable[Record]) -> None:
        """The next records of the journal."""
        for record in records:
            self.records += 1
            if self.records % EVICT_EVERY == 0:
                self._forget_what_left()
            if isinstance(record, Forwarded):
                self._forwarded(record)
            elif isinstance(record, Answered):
                self._answered(record)
            elif isinstance(record, Reversed):
                stays = UNKNOWN_AMOUNT if record.partial else None
                self._transaction(record.about).mark_reversed(stays, FOUND_IN_FLIGHT)
            elif isinstance(record, Stored):
                self._stored(record)
            elif isinstance(record, Ended):
                self._ended(record)
            elif isinstance(record, NumberGiven):
                given = self._found(record.issuer)
                if given is not None:
                    self._number_given(given, record.stan)
            elif isinstance(record, StoodIn):
                self._stood_in(record)
            elif (issuer := self._found(record.issuer)) is not None:
                issuer.stand_in.mode = record.mode

    def _stood_in(self, record: StoodIn) -> None:
        """Counted again; a reversal of it must find it, while its request is known."""
        issuer = self._found(record.issuer)
        if issuer is None:
            return
        issuer.stand_in.activity.add(record)
        transaction = self._known.by_key(record.key)
        if transaction is not None:
            before = transaction.stood_in
            now = record if before is None else summed(before, record)
            transaction.stood_in = now if now.count else None

    def _forget_what_left(self) -> None:
        self._known.evict(self._now)
        if len(self._by_numbers) > 2 * len(self._known) + EVICT_EVERY:
            known = self._known
            self._by_numbers = {
                numbers: one
                for numbers, one in self._by_numbers.items()
                if known.recorded(one.about) is one
            }

    def end(self) -> None:
        """There are no more: whatever they leave open is ended."""
        # What keeps its number comes first: another might be given it else.
        for transaction in [*self._online.values(), *self._known.transactions]:
            if transaction.told is None and not transaction.is_reversed:
                self._end(transaction)

    def _forwarded(self, record: Forwarded) -> None:
        issuer = self._issuer(record.issuer)
        if issuer is None:
            return
        sent = record.outbound
        self._number_given(issuer, sent.stan)
        if message_types.is_reversal(record.about.mti):
            transaction = self._online[record.about.key] = from_record(record.about, self._now)
            transaction.target = self._target_of(record.outbound, issuer)
        else:
            transaction = self._transaction(record.about)
            self._by_numbers[issuer.name, sent.stan, sent.transmission_time] = (
                transaction
            )
        transaction.issuer = issuer
        transaction.outbound = kept_sent(record.outbound)
        transaction.line = record.line
        transaction.has_left = True  # nobody knows

    def _answered(self, record: Answered) -> None:
        told = told_again(record, "issuer")
        if message_types.is_reversal(record.about.mti):
            online = self._online.pop(record.about.key, None)
            if (
                online is not None
                and online.target is not None
                and record.code == ResponseCode.APPROVED
            ):
                online.target.mark_reversed(amount_that_stays(online), FOUND_IN_FLIGHT)
            return
        transaction = self._transaction(record.about)
        transaction.approved_amount = record.elements.get(DE.AMOUNT)
        if transaction.stood_in is not None:
            told = told_again(record, "stand_in")
        if not transaction.is_reversed or transaction.partial:
            transaction.told = told
            transaction.approval_on_record = record.approves
            transaction.heard = 1 if record.approves else 0  # perhaps: it belongs to the acquirer

    def _stored(self, record: Stored) -> None:
        issuer = self._issuer(record.issuer)
        if issuer is None:
            return
        stan = record.message.stan
        last = self._last.get(issuer.name)
        if last is None or is_new_number(record, last, issuer.stans.space):
            self._number_given(issuer, stan)
        issuer.stans.hold(stan)
        issuer.saf.parked.pop(record.id, None)  # an operator gave it back
        if record.id not in issuer.saf.entries:
            # Perhaps it was sent, nobody knows any more: flagged repeat.
            since = self._now - age_at_start(record, self._transmission_time)
            entry = SafEntry(record, is_durable=True, has_left=True, since=since)
            (issuer.saf.give_back if record.retried else issuer.saf.add)(entry)
        if not message_types.is_reversal(record.message.mti):
            transaction = self._transaction(record.about)
            transaction.advice = record
            transaction.issuer = issuer
        elif (stays := stays_of(record.message)) is not None:
            self._transaction(record.about).stays = stays

    def _ended(self, record: Ended) -> None:
        entry_id: EntryId = record.id
        issuer = self._found(entry_id[0])
        if issuer is not None:
            ended(issuer, entry_id, (record.why or "parked") if record.parked else "")

    def _end(self, transaction: Transaction) -> None:
        target = transaction.target
        if target is not None:
            if not target.is_reversed_as(amount_that_stays(transaction)):
                self._reversing.store(transaction)
        elif message_types.is_reversal(transaction.about.mti):
            return  # a 0400 whose original is not known any more: its acquirer repeats it
        elif transaction.may_hold:
            self._reversing.found_in_flight(transaction)
        else:
            transaction.told = FOUND_IN_FLIGHT
            self._commits.insist([answered(transaction, FOUND_IN_FLIGHT)])

    def _issuer(self, name: str) -> Issuer | None:
        if name not in self._switch.issuers:
            self.unknown_issuers[name] = self.unknown_issuers.get(name, 0) + 1
        return self._found(name)

    def _found(self, name: str) -> Issuer | None:
        """One that is not configured has no lines: what is its waits until a reload brings it back.

        None only where no issuer is configured at all.
        """
        issuer = self._switch.issuers.get(name) or self._former.get(name)
        if issuer is None and self._switch.issuers:
            terms = next(iter(self._switch.issuers.values())).terms  # till its own are known again
            issuer = self._former[name] = Issuer(name, replace(terms, saf_age_s_max=FOREVER_S))
        return issuer

    def _transaction(self, about: About) -> Transaction:
        known = self._known.recorded(about)
        if known is None:
            known = from_record(about, self._now)
            self._known.add(known)
        return known

    def _target_of(self, reversal: Kept, issuer: Issuer) -> Transaction | None:
        """The original of an on-line 0400, which its DE 90 names by our own numbers."""
        named = reversal.values.get(DE.ORIGINAL_DATA, "")
        return self._by_numbers.get((issuer.name, named[4:10], named[10:20]))

    def _number_given(self, issuer: Issuer, stan: str) -> None:
        """A restart goes on behind the last number in the journal."""
        if issuer.stans.has(stan):
            self._last[issuer.name] = stan
            issuer.stans.go_on_behind(stan)


def told_again(record: Answered, decided_by: str) -> Told:
    """What a repeat hears."""
    kept = record.elements
    return Told(
        record.code,
        record.approves,
        decided_by,
        "recovery",
        authorization_code=kept.get(DE.AUTHORIZATION_CODE, ""),
        additional_response=kept.get(DE.ADDITIONAL_RESPONSE, ""),
        additional_amounts=kept.get(DE.ADDITIONAL_AMOUNTS, ""),
        amount=kept.get(DE.AMOUNT, ""),
    )


def is_new_number(record: Stored, last: str, space: int) -> bool:
    """An entry may be stored long after its number was given: an on-line 0400 that became one, one
    that the disk refused at first, one that an operator gave back. DE 7 says nothing about order:
    the clock may have been set back.
    """
    ahead = (int(record.message.stan) - int(last)) % space
    return not record.has_left and not record.retried and ahead < space // 2
