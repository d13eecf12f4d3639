"""One line of an issuer's ledger: a message, what was decided on it and what it moved.

A message is known by its class (MTI without version and repeat digit), STAN, DE 7, DE 32 and DE 33,
the same five that DE 90 names. 0400 and 0420 are one class: an advice repeats a request that had
no answer. The ledger knows cards by reference and masked PAN, nothing else of them.
"""
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DE_90_DIGITS: Final = 42


class Effect(StrEnum):
    NONE = ""
    HOLD = "hold"
    CREDIT = "credit"
    REVERSED_UNSEEN = "reversed_unseen"
    """Reversed before it came: no effect, and none when it comes."""


class PinVerdict(StrEnum):
    ABSENT = ""
    VERIFIED = "verified"
    WRONG = "wrong"
    UNACCEPTABLE = "unacceptable"
    """Not a PIN block under this key, or not for this PAN."""
    UNCHECKED = "unchecked"
    """There was no HSM to ask, or it refused the keys."""


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    at: str
    mti: str
    stan: str
    transmission_time: str
    acquirer_id: str
    forwarder_id: str
    rrn: str = ""
    terminal_id: str = ""
    merchant_id: str = ""
    processing_code: str = ""
    card: str = ""
    pan_masked: str = ""
    amount_minor: int = 0
    currency: str = ""
    transaction_currency: str = ""
    response_code: str = ""
    authorization_code: str = ""
    pin: str = PinVerdict.ABSENT
    pin_tries: int = -1
    """Wrong PINs in a row after this message; -1 where they are not counted."""
    effect: str = Effect.NONE
    moved_minor: int = 0
    remaining_minor: int = 0
    """What of `moved_minor` no reversal has taken back."""
    balances: str = ""
    original_key: str = ""
    misbehaviour: str = ""


def message_key(mti: str, stan: str, transmission_time: str, acquirer: str, forwarder: str) -> str:
    """The name under which the ledger knows a message."""
    message_class = "4" if mti[1] == "4" else mti[1:3]
    return "|".join((message_class, stan.zfill(6), transmission_time.zfill(10),
                     acquirer.zfill(11), forwarder.zfill(11)))


def original_key(original_data: str) -> str | None:
    """The name of the message that a DE 90 means; None when it is not 42 digits."""
    if len(original_data) != DE_90_DIGITS or not original_data.isdigit():
        return None
    return message_key(original_data[:4], original_data[4:10], original_data[10:20],
                       original_data[20:31], original_data[31:42])
