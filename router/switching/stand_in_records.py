"""What a decision of the stand-in leaves behind, in one commit with the answer.

The 0420 of the request that left, then the 0120 that must wait for its acknowledgement, then what
the card's limits count. The request itself is not marked reversed: its approval stands, and is
undone by a reversal of the 0120.
"""

from router.switching import message_types
from router.switching.outbound import kept_values, own_rrn, reversal_values, with_sender
from router.switching.peers import Issuer
from router.switching.records import answered, kept_entry, new_entry, reversal_records
from router.switching.response_codes import ResponseCode
from router.switching.stand_in_rules import Rules
from router.switching.switch import Switch
from router.switching.told import Told
from router.switching.transaction import Transaction
from router.switching.translation import demands
from specs.elements import DE
from specs.journal_format import Ended, Record, StoodIn, Stored, kept_message


def stood_in_records(
    transaction: Transaction, rules: Rules, code: str, wrong_pins: int, reason: str, switch: Switch
) -> tuple[Told, list[Record]]:
    """The answer and what must be durable with it; nothing where a decline leaves nothing."""
    issuer = transaction.issuer
    assert issuer is not None
    approves = code == ResponseCode.APPROVED
    undone = undoing(transaction, issuer, approves, switch)
    told, advice = advised(transaction, rules, issuer, code, reason, undone, switch)
    parts = transaction.about.parts
    counted = StoodIn(
        issuer.name,
        parts.pan,
        transaction.about.key,
        rules.counts_until(switch.wall()),
        1 if approves else 0,
        int(parts.amount) if approves else 0,
        wrong_pins,
    )
    records = [*undone, *advice]
    if approves or wrong_pins >= 0:
        issuer.stand_in.activity.add(counted)
        records.append(counted)
    if approves:
        issuer.stand_in.approvals += 1
        transaction.stood_in = counted
    else:
        issuer.stand_in.declines += 1
    if records:
        records.append(answered(transaction, told, is_logged=True))
    return told, records


def undoing(
    transaction: Transaction, issuer: Issuer, approves: bool, switch: Switch
) -> list[Record]:
    """The 0420 of what left for the issuer, where something may be held."""
    if not transaction.needs_reversal:
        return []
    if not approves:
        return reversal_records(transaction, switch)
    sent = transaction.outbound
    assert sent is not None
    values = reversal_values(sent.kept, None, None)
    return [new_entry(transaction, issuer, "0420", values, transaction.line, None, switch)]


def advised(
    transaction: Transaction,
    rules: Rules,
    issuer: Issuer,
    code: str,
    reason: str,
    undone: list[Record],
    switch: Switch,
) -> tuple[Told, list[Record]]:
    """The answer with our own DE 38, and the 0120 that says so; a decline's where it is wanted."""
    approves = code == ResponseCode.APPROVED
    if not approves and not rules.advise_declines:
        return Told(code, False, "stand_in", "stand_in"), []
    request, sent = transaction.request, transaction.outbound
    assert request is not None
    values = kept_values(with_sender(request), request) if sent is None else sent.values
    values[DE.RESPONSE_CODE] = code
    values[rules.reason_element] = reason
    after = next((one.id for one in reversed(undone) if isinstance(one, Stored)), None)
    own_code = ""
    numbers = switch.numbers_for(issuer, switch.now(), for_reversal=True)
    assert numbers is not None, "room was looked at"
    if approves:
        # The 0120's own number makes it ours alone; the letter tells it from an issuer's.
        own_code = values[DE.AUTHORIZATION_CODE] = "S" + numbers.stan[1:]
    if DE.RRN not in values and demands(issuer.terms.codec, "0120", DE.RRN):
        values[DE.RRN] = own_rrn(numbers)
    message = kept_message("0120", numbers.stamped(values))
    advice = kept_entry(transaction, issuer, message, "", after, has_left=False)
    if approves:
        transaction.advice = advice
    return Told(code, approves, "stand_in", "stand_in", own_code), [advice]


def voiding(refused: list[Record]) -> list[Record]:
    """Of an approval that the disk refused, and may hold all the same: what undoes it there.

    The 0420 of its request stays as it is; the 0120 ends before it was ever sent.
    """
    if not any(isinstance(record, StoodIn) and record.count > 0 for record in refused):
        return []
    along: list[Record] = []
    for record in refused:
        if isinstance(record, Stored):
            is_reversal = message_types.is_reversal(record.message.mti)
            along.append(record if is_reversal else Ended(record.id, parked=False))
    return along
