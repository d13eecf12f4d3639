"""Messages for tests, made by a function and changed by keyword: `purchase(amount="000000010000")`.

Card numbers are published test numbers, or begin with 9504 (national use, country 504).
"""

from functools import cache
from typing import Final

from router.wire.codec import Codec
from router.wire.message import Message
from specs.dialect import load_dialect
from specs.elements import DE

HOME_CARD: Final = "9504010000000001"
FOREIGN_CARD: Final = "4111111111111111"

NUMBERS: Final = {
    "pan": DE.PAN,
    "processing_code": DE.PROCESSING_CODE,
    "amount": DE.AMOUNT,
    "transmission_time": DE.TRANSMISSION_TIME,
    "stan": DE.STAN,
    "local_time": DE.LOCAL_TIME,
    "local_date": DE.LOCAL_DATE,
    "expiry": DE.EXPIRY,
    "entry_mode": DE.ENTRY_MODE,
    "condition_code": DE.CONDITION_CODE,
    "acquirer_id": DE.ACQUIRER_ID,
    "track_2": DE.TRACK_2,
    "rrn": DE.RRN,
    "response_code": DE.RESPONSE_CODE,
    "authorization_code": DE.AUTHORIZATION_CODE,
    "terminal": DE.TERMINAL_ID,
    "merchant": DE.MERCHANT_ID,
    "currency": DE.CURRENCY,
    "pin_block": DE.PIN_BLOCK,
    "chip_data": DE.CHIP_DATA,
    "network_code": DE.NETWORK_CODE,
    "original_data": DE.ORIGINAL_DATA,
    "replacement": DE.REPLACEMENT_AMOUNTS,
}

PURCHASE: Final = {
    "pan": HOME_CARD,
    "processing_code": "000000",
    "amount": "000000010000",
    "transmission_time": "1124101500",
    "stan": "000001",
    "local_time": "101500",
    "local_date": "1124",
    "acquirer_id": "1001",
    "rrn": "632810000001",
    "terminal": "TERM0001",
    "merchant": "MERCHANT0000001",
    "currency": "504",
}


@cache
def codec(dialect: str = "iso87-ascii") -> Codec:
    """The compiled dialect, once."""
    return Codec(load_dialect(dialect))


def card(first: str) -> str:
    """Sixteen digits that begin so, the last one the Luhn digit that fits."""
    digits = first.ljust(15, "0")
    doubled = [int(d) * (2 - n % 2) for n, d in enumerate(digits)]
    return digits + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def message(mti: str, dialect: str = "iso87-ascii", /, **elements: str | None) -> Message:
    """A message of the named elements; None leaves one out."""
    values = {NUMBERS[name]: text for name, text in elements.items() if text is not None}
    return codec(dialect).written(mti, values)


def purchase(mti: str = "0100", /, **changed: str | None) -> Message:
    """A purchase of 100.00 dirhams at a terminal, no PIN."""
    return message(mti, **{**PURCHASE, **changed})


def reversal(mti: str = "0420", of: Message | None = None, **changed: str | None) -> Message:
    """The reversal of a purchase, under a STAN and DE 7 of its own; DE 90 names the original."""
    original = of if of is not None else purchase()
    named = (
        original.mti[:3]
        + "0"
        + original.get(DE.STAN)
        + original.get(DE.TRANSMISSION_TIME)
        + original.get(DE.ACQUIRER_ID).rjust(11, "0")
        + "0" * 11
    )
    values: dict[str, str | None] = {
        name: original.get(number) for name, number in NUMBERS.items() if original.has(number)
    }
    values.update(
        pin_block=None, stan="000901", transmission_time="1124101530", original_data=named
    )
    values.update(changed)
    return message(mti, **values)
