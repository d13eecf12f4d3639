"""The life of one authorization, top to bottom.

A straight line that never touches the world: it yields what it needs, is sent what happened, and
ends with what the acquirer is to hear. The order of the steps is the order of precedence of the
response codes (docs/response-codes.md).

`received` decides steps 4 and 5 for every request; `authorize` takes a new one from step 6 on;
`reverse_online` is the shorter life of a 0400; `life_of` is either, as the conductor drives it.
Who waits for the answer, deadlines and undeliverable answers are the conductor's.
"""

from typing import Final

from router.switching import written
from router.switching.admission import Admission
from router.switching.commits import Commit
from router.switching.format_check import format_error
from router.switching.known import Known
from router.switching.needs import (
    Durable,
    Exchange,
    KeyChanged,
    Life,
    NeverLeft,
    PinRefused,
    PinTranslated,
    TooLate,
    TranslatePin,
)
from router.switching.outbound import (
    given_values,
    kept_forwarded,
    kept_sent,
    kept_values,
    reversal_values,
)
from router.switching.pending import Line
from router.switching.pin_key import PinKey
from router.switching.records import given_up
from router.switching.request import Request
from router.switching.response_codes import ResponseCode, code_of_hsm_error
from router.switching.session_keys import ANOTHER_KEY
from router.switching.stand_in import is_decided_here, stood_in
from router.switching.switch import Switch
from router.switching.told import OVERLOADED, Told, declined
from router.switching.transaction import Transaction
from router.switching.translation import answer_of, demands, written_for
from router.wire.element import Unwritable
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import kept_message

NO_KEY: Final = PinRefused("")
NOT_CONFIRMED: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "reversal")


def received(request: Request, known: Known) -> Told | Transaction | None:
    """Declined, or the transaction that this request is a repeat of, or None: a new one."""
    refusal = refused(request)
    if refusal is not None:
        return refusal
    transaction = known.find(request)
    if transaction is not None and transaction.about.content != request.about.content:
        return declined(ResponseCode.DUPLICATE, "duplicates")
    return transaction


def refused(request: Request) -> Told | None:
    """Step 4, of every message of an acquirer: not permitted on this link, or badly formed."""
    if not request.link.is_signed_on:
        return declined(ResponseCode.NOT_PERMITTED_TO_TERMINAL, "format")
    code = format_error(request)
    return declined(code, "format") if code is not None else None


def life_of(transaction: Transaction, switch: Switch, admission: Admission) -> Life:
    """All of it."""
    if transaction.target is None:
        return authorize(transaction, switch, admission)
    return reverse_online(transaction, switch)


def authorize(  # noqa: C901, PLR0912, PLR0915 - one function owns the branches of a life
    transaction: Transaction, switch: Switch, admission: Admission
) -> Life:
    """A request that may hold or move money, or an inquiry.

    What the acquirer is to hear is the last thing that it yields. (Returned by a generator, it
    would be carried by an exception, which costs more than a step of the way.)
    """
    request = transaction.request
    assert request is not None
    bin_range = switch.range_of(request)
    if bin_range is None:
        return (yield declined(ResponseCode.NO_ROUTE, "routing"))
    if not bin_range.issuer:
        return (yield declined(ResponseCode.NO_SUCH_ISSUER, "routing"))
    if not bin_range.e_commerce and request.is_e_commerce:
        return (yield declined(ResponseCode.NOT_PERMITTED_TO_CARD, "routing"))
    issuer = transaction.issuer = switch.issuers[bin_range.issuer]
    transaction.send_by = min(request.arrived + issuer.terms.timeout_s, request.deadline)
    is_sent = not issuer.stand_in.is_first or not is_decided_here(transaction, issuer, switch)
    if is_sent and admission.refuses(transaction, issuer, alone=len(switch.issuers) == 1):
        return (yield OVERLOADED)

    while is_sent and (line := issuer.least_loaded_line(transaction.lines_tried)) is not None:
        pin_block: str | None = None
        pin_key = issuer.pin_key
        if request.has_pin:
            refusal = NO_KEY
            # From the acquirer's key to the issuer's; while the acquirer's changes, from either.
            for source in request.acquirer.pin_keys(request.link):
                if pin_key is None:
                    break
                happened = yield TranslatePin(request, source, pin_key)
                if isinstance(happened, PinTranslated):
                    pin_block = happened.pin_block
                    request.acquirer.key_used(request.link, source, request.arrived)
                    break
                assert isinstance(happened, PinRefused)
                if refusal is NO_KEY:
                    refusal = happened
                if happened.hsm_error not in ANOTHER_KEY:
                    break
            if pin_block is None:
                return (yield declined(code_of_hsm_error(refusal.hsm_error), "pin"))
            if admission.has_waited_too_long(transaction, issuer):
                return (yield OVERLOADED)

        # Own STAN and DE 7 now: the record must hold what a reversal needs.
        exchange = exchange_on(line, transaction, pin_block, pin_key, switch)
        happened = pin_block = None  # it is in what leaves, and kept no longer here
        if isinstance(exchange, Told):
            return (yield exchange)
        if not isinstance((yield written.forwarded(transaction, line)), Durable):
            transaction.outbound = None  # on no record, so its decline needs none either
            return (yield declined(ResponseCode.SYSTEM_MALFUNCTION, "journal"))

        happened = yield exchange
        if isinstance(happened, TooLate):
            return (yield declined(ResponseCode.ISSUER_INOPERATIVE, "sending"))
        if isinstance(happened, KeyChanged):
            continue
        if isinstance(happened, NeverLeft):
            transaction.lines_tried += (line.name,)
            continue
        if isinstance(happened, Message):
            answer = answer_of(happened)
            if answer is not None and not answer.approves:
                yield written.answered(transaction, answer)
                return (yield answer)
            if answer is not None:
                transaction.approved_amount = answer.amount or None
            if answer is not None and not transaction.is_void:
                transaction.approval_on_record = True
                durable = yield written.answered(transaction, answer)
                if isinstance(durable, Durable):
                    return (yield answer)
                return (yield declined(ResponseCode.SYSTEM_MALFUNCTION, "journal"))
        break  # silence, a fallen line, an unusable answer, or an approval nobody may hear

    if issuer.stand_in.rules is not None:
        decided = yield from stood_in(transaction, switch)
        if decided is not None:
            return (yield decided)

    # One commit: a crash must not leave a hold without its reversal behind a heard decline.
    silence = declined(
        ResponseCode.ISSUER_INOPERATIVE, "issuer" if transaction.has_left else "routing"
    )
    if transaction.needs_reversal:
        yield Commit(given_up(transaction, silence, switch))
    return (yield silence)


def reverse_online(transaction: Transaction, switch: Switch) -> Life:
    """A 0400 of an approval the issuer gave; what it does not confirm becomes ours to deliver."""
    target = transaction.target
    assert target is not None
    assert target.issuer is not None
    line = target.issuer.line_for(target.line)
    exchange = exchange_on(line, transaction, None, None, switch) if line is not None else None
    if line is not None and isinstance(exchange, Exchange):
        if not isinstance((yield written.forwarded(transaction, line)), Durable):
            return (yield declined(ResponseCode.SYSTEM_MALFUNCTION, "journal"))
        happened = yield exchange
        answer = answer_of(happened) if isinstance(happened, Message) else None
        if answer is not None and answer.code == ResponseCode.APPROVED:
            durable = yield written.answered(transaction, answer)
            if isinstance(durable, Durable):
                return (yield answer)
    return (yield NOT_CONFIRMED)


def exchange_on(
    line: Line, transaction: Transaction, pin_block: str | None, pin_key: PinKey | None,
    switch: Switch,
) -> Exchange | Told:  # fmt: skip
    """The request in the issuer's dialect, under a STAN of ours; or why there is none."""
    request, target = transaction.request, transaction.target
    issuer = transaction.issuer if target is None else target.issuer
    assert request is not None
    assert issuer is not None
    numbers = switch.numbers_for(issuer, transaction.step_began)
    if numbers is None:
        return declined(ResponseCode.SYSTEM_MALFUNCTION, "sending")
    codec, mti = issuer.terms.codec, request.kind.first_sent
    try:
        if target is None:
            due = not request.has(DE.RRN) and demands(codec, mti, DE.RRN)
            given = given_values(request, numbers, pin_block, due)
            message = switch.translation.forwarded(request, codec, mti, given)
            transaction.outbound = kept_forwarded(mti, request, given)
        else:
            assert target.outbound is not None
            stays = request.amount_that_stays
            values = reversal_values(target.outbound.kept, target.approved_amount, stays)
            values = numbers.stamped(values)
            message = written_for(codec, mti, values)
            transaction.outbound = kept_sent(kept_message(mti, kept_values(values, request)))
    except Unwritable:
        issuer.stans.free(numbers.stan)
        return declined(ResponseCode.FORMAT_ERROR, "translation")
    transaction.line = line.name
    return Exchange(line, message, pin_key if pin_block is not None else None)
