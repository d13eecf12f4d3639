"""The records of one commit: what is answered, and what undoes a request at its issuer.

Entries enter the issuer's store-and-forward queue as they are made, and are sent once durable.
"""

from msgspec.structs import replace

from router.switching import message_types
from router.switching.outbound import reversal_values
from router.switching.peers import Issuer
from router.switching.request import Request
from router.switching.saf_entry import SafEntry
from router.switching.stand_in_counts import taken_back
from router.switching.switch import Switch
from router.switching.told import REVERSAL_ACCEPTED, Told
from router.switching.transaction import Transaction
from specs.elements import DE
from specs.journal_format import (
    Answered,
    EntryId,
    Exchange,
    Forwarded,
    Kept,
    Record,
    Reversed,
    Stored,
    kept_message,
)


def forwarded(transaction: Transaction) -> Forwarded:
    """What is about to leave, on its line."""
    target = transaction.target
    issuer = transaction.issuer if target is None else target.issuer
    assert issuer is not None
    assert transaction.outbound is not None
    sent = transaction.outbound.kept
    return Forwarded(transaction.about, issuer.name, transaction.line, sent)


def answered(transaction: Transaction, told: Told, is_logged: bool = False) -> Answered:
    """What the acquirer hears. `is_logged`: from this record the log hears of the exchange."""
    exchange = exchanged(transaction, told) if is_logged else None
    return Answered(transaction.about, told.code, told.approves, told.kept_elements, exchange)


def exchanged(transaction: Transaction, told: Told) -> Exchange | None:
    """Of the request that the transaction began with, while it waits; made when a step begins."""
    request, issuer, sent = transaction.request, transaction.issuer, transaction.outbound
    if not transaction.follower_tells or request is None or request.is_done:
        return None
    transaction.on_record = told
    return Exchange(
        issuer.name if issuer is not None else "",
        sent.stan if sent is not None else "",
        told.decided_by,
        told.ended_in,
        transaction.hsm_us,
        transaction.issuer_us,
        recorded_us(transaction, request),
    )


def recorded_us(transaction: Transaction, request: Request) -> int:
    """From its arrival until the record of its answer."""
    return int((transaction.step_began - request.arrived) * 1_000_000)


def reversal_records(
    transaction: Transaction, switch: Switch, amount_that_stays: str | None = None
) -> list[Record]:
    """Marks the transaction reversed; with an entry where something may be held."""
    transaction.reverse(amount_that_stays)
    records: list[Record] = [Reversed(transaction.about, transaction.partial)]
    issuer, advice, sent = transaction.issuer, transaction.advice, transaction.outbound
    if issuer is None:
        return records
    if transaction.taken_along:
        return [*records, *transaction.taken_along]
    records += taken_back(transaction, amount_that_stays)
    if advice is not None:
        values = reversal_values(advice.message, None, amount_that_stays)
        records.append(new_entry(transaction, issuer, "0420", values, "", advice.id, switch))
    elif transaction.has_left and transaction.may_hold and sent is not None:
        values = reversal_values(sent.kept, transaction.approved_amount, amount_that_stays)
        records.append(
            new_entry(transaction, issuer, "0420", values, transaction.line, None, switch)
        )
    return records


def given_up(transaction: Transaction, told: Told, switch: Switch) -> list[Record]:
    """The reversal and the decline, in one commit."""
    return [*reversal_records(transaction, switch), answered(transaction, told, is_logged=True)]


def becomes_stored(transaction: Transaction, switch: Switch) -> list[Record]:
    """Of a 0400 that its issuer did not confirm: a stored 0420, flagged repeat if the 0400 left."""
    target = transaction.target
    assert target is not None
    assert target.issuer is not None
    assert target.outbound is not None
    stays = amount_that_stays(transaction)
    if transaction.has_left and transaction.outbound is not None:
        message = replace(transaction.outbound.kept, mti="0420")
        entry = kept_entry(target, target.issuer, message, transaction.line, None, has_left=True)
    else:
        values = reversal_values(target.outbound.kept, target.approved_amount, stays)
        entry = new_entry(target, target.issuer, "0420", values, target.line, None, switch)
    target.reverse(stays)
    heard = answered(transaction, REVERSAL_ACCEPTED)
    return [Reversed(target.about, target.partial), entry, heard]


def amount_that_stays(reversal: Transaction) -> str | None:
    """Of an on-line reversal, which a restart may know by what was sent only."""
    if reversal.request is not None:
        return reversal.request.amount_that_stays
    return stays_of(reversal.outbound.kept) if reversal.outbound is not None else None


def stays_of(reversal: Kept) -> str | None:
    """DE 95 of a reversal on record."""
    return reversal.values.get(DE.REPLACEMENT_AMOUNTS, "")[:12] or None


def new_entry(
    transaction: Transaction,
    issuer: Issuer,
    mti: str,
    values: dict[int, str],
    line: str,
    after: EntryId | None,
    switch: Switch,
) -> Stored:
    """Under a STAN and DE 7 of its own, kept over all its repeats."""
    numbers = switch.numbers_for(issuer, switch.now(), for_reversal=True)
    assert numbers is not None, "room was looked at, or a request in flight has reserved it"
    numbered = kept_message(mti, numbers.stamped(values))
    return kept_entry(transaction, issuer, numbered, line, after, has_left=False)


def kept_entry(
    transaction: Transaction,
    issuer: Issuer,
    message: Kept,
    line: str,
    after: EntryId | None,
    has_left: bool,
) -> Stored:
    """Under the numbers that the message has already."""
    stan = message.stan
    entry_id = (issuer.name, message.mti, stan, message.transmission_time)
    stored = Stored(entry_id, transaction.about, issuer.name, line, message, after, has_left)
    issuer.stans.hold(stan)
    issuer.saf.add(SafEntry(stored, is_durable=False, has_left=has_left))
    return stored


def is_reversal_entry(record: Record) -> bool:
    """What must not be lost when the disk refuses a commit."""
    return isinstance(record, Stored) and message_types.is_reversal(record.message.mti)
