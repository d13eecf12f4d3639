"""What an issuer reads out of a message before it decides: card, amount, how it was entered."""
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from issuers.cards import Card, masked
from issuers.entry import Effect, Entry, message_key
from issuers.messages import Message
from specs.elements import DE
from specs.tlv import first

# What each processing code (the first two digits of DE 3) moves; others are not known here.
EFFECTS: Final[Mapping[str, Effect]] = {
    "00": Effect.HOLD,
    "01": Effect.HOLD,
    "09": Effect.HOLD,
    "20": Effect.CREDIT,
    "30": Effect.NONE,
    "31": Effect.NONE,
}
E_COMMERCE_ENTRY: Final = ("01", "81")
E_COMMERCE_CONDITION: Final = "59"
TRACK_2: Final = re.compile(r"([0-9]{12,19})[=D]([0-9]{4})([0-9]{3})([0-9]*)")


@dataclass(frozen=True, slots=True)
class Track2:
    """The parts of track 2 that an issuer checks."""

    pan: str
    expiry: str
    service_code: str
    discretionary: str

    def __repr__(self) -> str:
        return "<Track2>"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A request or advice, with the card it is about (None: not one of ours)."""

    key: str
    at: str
    message: Message
    pan: str
    card: Card | None
    track_2: Track2 | None

    @property
    def day(self) -> str:
        """The UTC day it arrived."""
        return self.at[:10]

    @property
    def is_advice(self) -> bool:
        return self.message.mti[2] == "2"

    @property
    def effect(self) -> Effect | None:
        return EFFECTS.get(self.message.get(DE.PROCESSING_CODE)[:2])

    @property
    def amount_minor(self) -> int | None:
        return amount_of(self.message)

    @property
    def expiry(self) -> str:
        """YYMM as presented, empty when it was not."""
        presented = self.message.get(DE.EXPIRY)
        return presented or (self.track_2.expiry if self.track_2 else "")

    @property
    def is_e_commerce(self) -> bool:
        return (self.message.get(DE.ENTRY_MODE)[:2] in E_COMMERCE_ENTRY
                or self.message.get(DE.CONDITION_CODE) == E_COMMERCE_CONDITION)

    def __repr__(self) -> str:
        return f"<Transaction {self.message!r} of {masked(self.pan)}>"


def transaction_of(message: Message, cards: Mapping[str, Card], key: str, at: str) -> Transaction:
    """The transaction in a message: the PAN is DE 2, else that of track 2, else the chip's."""
    track_2 = _track_2(message.get(DE.TRACK_2))
    pan = message.get(DE.PAN) or (track_2.pan if track_2 else _chip_pan(message))
    return Transaction(key, at, message, pan, cards.get(pan), track_2)


def key_of(message: Message, with_forwarder: bool) -> str:
    """The name under which the ledger knows this message.

    DE 56, which names an original in 1993, has no place for the forwarder.
    """
    return message_key(message.mti, message.get(DE.STAN), message.get(DE.TRANSMISSION_TIME),
                       message.get(DE.ACQUIRER_ID),
                       message.get(DE.FORWARDER_ID) if with_forwarder else "")


def undecided_entry(message: Message, key: str, at: str) -> Entry:
    """The ledger's line for this message, before anything was decided."""
    return Entry(
        key=key,
        at=at,
        mti=message.mti,
        stan=message.get(DE.STAN),
        transmission_time=message.get(DE.TRANSMISSION_TIME),
        acquirer_id=message.get(DE.ACQUIRER_ID),
        forwarder_id=message.get(DE.FORWARDER_ID),
        rrn=message.get(DE.RRN).strip(),
        terminal_id=message.get(DE.TERMINAL_ID).strip(),
        merchant_id=message.get(DE.MERCHANT_ID).strip(),
        processing_code=message.get(DE.PROCESSING_CODE),
        amount_minor=amount_of(message) or 0,
        transaction_currency=message.get(DE.CURRENCY),
    )


def amount_of(message: Message) -> int | None:
    """DE 4; None when it is absent or not digits."""
    text = message.get(DE.AMOUNT)
    return int(text) if text.isascii() and text.isdigit() else None


def _track_2(text: str) -> Track2 | None:
    found = TRACK_2.match(text)
    return Track2(*found.groups()) if found else None


def _chip_pan(message: Message) -> str:
    """The PAN of track 2 equivalent data (57), else that of the application (5A)."""
    try:
        chip = bytes.fromhex(message.get(DE.CHIP_DATA))
    except ValueError:
        return ""
    if not chip:
        return ""
    track_2 = _track_2((first(chip, "57") or b"").hex().upper())
    return track_2.pan if track_2 else (first(chip, "5A") or b"").hex().upper().rstrip("F")
