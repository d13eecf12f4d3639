"""Step 12: an answer instead of the issuer's, when the issuer allows it and has given none.

What is decided here is bound by what the issuer configured: which requests at all, the cards it
lists, PIN and CVV where it lent us the means to check them, and its limits per card and period.
What is not covered is not stood in for: its acquirer hears 91, as without a stand-in.
"""

from collections.abc import Generator
from typing import Final

from router.switching.commits import Commit
from router.switching.needs import Durable, Event, Need
from router.switching.peers import Issuer
from router.switching.processing_codes import effect_of
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.switching.stand_in_checks import counted_pins, verdict_on
from router.switching.stand_in_records import stood_in_records
from router.switching.stand_in_rules import Limit, Rules
from router.switching.stand_in_state import ON
from router.switching.switch import Switch
from router.switching.told import NOT_STORED, Told
from router.switching.transaction import Transaction
from specs.elements import DE

POS, ATM, E_COMMERCE = "pos", "atm", "e-commerce"
CASH_MACHINE: Final = "6011"  # merchant category: automated cash disbursement
WITHDRAWAL: Final = "01"
NOT_PRESENT: Final = ("08", "59")  # DE 25: mail or telephone order, electronic commerce

# Message reason codes as commonly published for ISO 8583:1993.
ISSUERS_OPTION: Final = "1000"
TIMED_OUT: Final = "1002"
UNAVAILABLE: Final = "1003"


def is_decided_here(transaction: Transaction, issuer: Issuer, switch: Switch) -> bool:
    """Not sent at all: by hand nothing is; by itself what is covered, but for trials."""
    stand_in = issuer.stand_in
    if not stand_in.is_first:
        return False
    if stand_in.mode == ON:
        return True
    request = transaction.request
    assert request is not None
    return limit_of(request, stand_in.rules, switch) is not None and not stand_in.is_trial(
        switch.now()
    )


def stood_in(transaction: Transaction, switch: Switch) -> Generator[Need, Event, Told | None]:
    """What the acquirer hears, on record; None: not stood in for."""
    request, issuer = transaction.request, transaction.issuer
    assert request is not None
    assert issuer is not None
    rules = issuer.stand_in.rules
    limit = limit_of(request, rules, switch) if issuer.stand_in.is_allowed else None
    if rules is None or limit is None or not is_open(transaction, switch):
        return None
    verdict = yield from verdict_on(request, issuer, rules, switch.wall())
    # The HSM took its time: looked at again. From here to the records nothing else happens.
    if verdict is None or not is_open(transaction, switch):
        return None
    pan, wall = transaction.about.parts.pan, switch.wall()
    has_room = issuer.stand_in.activity.has_room_for(pan, rules.cards_max, wall)
    if not has_room or not switch.may_store(issuer):
        return None
    pin_code, wrong_pins = counted_pins(verdict, rules, issuer.stand_in.activity, pan, wall)
    code = pin_code or verdict.code or exceeded(request, issuer, limit, wall)
    why = reason_of(transaction, issuer)
    told, records = stood_in_records(
        transaction, rules, code or ResponseCode.APPROVED, wrong_pins, why, switch
    )
    if not told.approves:
        if records:
            yield Commit(records)
        return told
    transaction.approval_on_record = True
    durable = yield Commit(records)
    return told if isinstance(durable, Durable) else NOT_STORED


def is_open(transaction: Transaction, switch: Switch) -> bool:
    """Nobody else decided: it is in time, and was not reversed meanwhile."""
    request = transaction.request
    assert request is not None
    return not transaction.is_void and not switch.is_over(request.deadline)


def limit_of(request: Request, rules: Rules | None, switch: Switch) -> Limit | None:
    """The first limit that covers such a request; None: it is not stood in for."""
    values = request.values
    effect = effect_of(values.get(DE.PROCESSING_CODE, ""))
    if rules is None or effect is None or not effect.may_be_stood_in_for or not request.names_card:
        return None
    if values.get(DE.CURRENCY, "") != rules.currency:
        return None
    bin_range = switch.range_of(request)
    product = bin_range.product if bin_range is not None else ""
    channel, country = channel_of(request), values.get(DE.ACQUIRER_COUNTRY, "")
    for limit in rules.limits:
        if (
            (not limit.products or product in limit.products)
            and (not limit.channels or channel in limit.channels)
            and (not limit.countries or country in limit.countries)
            and may_have_its_pin(request, limit, rules)
        ):
            return limit
    return None


def may_have_its_pin(request: Request, limit: Limit, rules: Rules) -> bool:
    """With a PIN only where it can be checked; without one only where none is required."""
    if request.has_pin:
        return limit.pin != "none" and rules.pin_check is not None
    return limit.pin != "required"


def channel_of(request: Request) -> str:
    """By DE 22, 25, 18 and 3."""
    values = request.values
    if request.is_e_commerce or values.get(DE.CONDITION_CODE, "") in NOT_PRESENT:
        return E_COMMERCE
    merchant_type = values.get(DE.MERCHANT_TYPE, "")
    is_withdrawal = values.get(DE.PROCESSING_CODE, "").startswith(WITHDRAWAL)
    if merchant_type == CASH_MACHINE or (not merchant_type and is_withdrawal):
        return ATM
    return POS


def exceeded(request: Request, issuer: Issuer, limit: Limit, wall: float) -> str:
    """61, 65, or nothing."""
    assert request.pan is not None
    amount_minor = int(request.values[DE.AMOUNT])
    count, total_minor = issuer.stand_in.activity.approved(request.pan.reveal(), wall)
    if amount_minor > limit.amount_max_minor or (
        total_minor + amount_minor > limit.total_max_minor
    ):
        return ResponseCode.EXCEEDS_AMOUNT_LIMIT
    if count + 1 > limit.count_max:
        return ResponseCode.EXCEEDS_COUNT_LIMIT
    return ""


def reason_of(transaction: Transaction, issuer: Issuer) -> str:
    """Why the issuer was not asked, or what became of the question."""
    if transaction.has_left:
        return TIMED_OUT
    return ISSUERS_OPTION if issuer.stand_in.mode == ON else UNAVAILABLE
