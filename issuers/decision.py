"""What an issuer says to a transaction, and why: the order of the lines is the order of precedence.

Pure: card, account, what the HSM found and the time go in, a decision comes out. Amounts are minor
units of the card's currency whatever DE 49 says; nothing is converted.
"""
from dataclasses import dataclass
from typing import Final

from issuers.cards import Card
from issuers.codes import APPROVALS, ResponseCode
from issuers.entry import Effect, PinVerdict
from issuers.transaction import Transaction
from specs.elements import DE

STATUS_CODES: Final = {
    "lost": ResponseCode.LOST_CARD,
    "stolen": ResponseCode.STOLEN_CARD,
    "blocked": ResponseCode.RESTRICTED_CARD,
}
PIN_CODES: Final = {
    PinVerdict.WRONG: ResponseCode.INCORRECT_PIN,
    PinVerdict.UNACCEPTABLE: ResponseCode.PIN_BLOCK_UNACCEPTABLE,
    PinVerdict.UNCHECKED: ResponseCode.MALFUNCTION,
}


class Account:
    """What a card can spend, and how often its PIN was wrong in a row."""

    __slots__ = ("card", "credited_minor", "day", "held_minor", "pin_tries", "spent_minor")

    def __init__(self, card: Card) -> None:
        self.card = card
        self.held_minor = 0
        self.credited_minor = 0
        self.day = ""
        self.spent_minor = 0
        self.pin_tries = 0

    @property
    def available_minor(self) -> int:
        return self.card.balance_minor + self.credited_minor - self.held_minor

    def spent_on(self, day: str) -> int:
        return self.spent_minor if day == self.day else 0

    def move(self, effect: str, amount_minor: int, day: str) -> None:
        """Hold or credit an amount, or take back a negative one that was moved on that day."""
        if effect == Effect.CREDIT:
            self.credited_minor += amount_minor
        elif effect == Effect.HOLD:
            self.held_minor += amount_minor
            if day > self.day:
                self.day, self.spent_minor = day, 0
            if day == self.day:
                self.spent_minor += amount_minor


@dataclass(frozen=True, slots=True)
class Decision:
    code: ResponseCode
    moved_minor: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What the HSM found."""

    pin: PinVerdict = PinVerdict.ABSENT
    cvv_is_wrong: bool = False


def refused_unchecked(
    transaction: Transaction, account: Account | None, tries_max: int
) -> ResponseCode | None:
    """The reason to decline before PIN and CVV are looked at, if there is one."""
    effect = transaction.effect
    amount_minor = transaction.amount_minor
    if effect is None:
        return ResponseCode.INVALID_TRANSACTION
    if transaction.message.has(DE.AMOUNT) and amount_minor is None:
        return ResponseCode.INVALID_AMOUNT
    if effect is not Effect.NONE and not amount_minor:
        return ResponseCode.INVALID_AMOUNT
    if account is None:
        return ResponseCode.NO_SUCH_CARD
    if (code := STATUS_CODES.get(account.card.status)) is not None:
        return code
    this_month = transaction.at[2:4] + transaction.at[5:7]
    if account.card.expiry < this_month or "" < transaction.expiry < this_month:
        return ResponseCode.EXPIRED_CARD
    if transaction.is_e_commerce and not account.card.e_commerce:
        return ResponseCode.CLOSED_TO_E_COMMERCE
    if "pin_limited" in account.card.flags and account.pin_tries >= tries_max:
        return ResponseCode.PIN_TRIES_EXCEEDED
    return None


def decided(transaction: Transaction, account: Account, checked: Checked) -> Decision:
    """The answer to a request whose card is in order."""
    if (code := PIN_CODES.get(checked.pin)) is not None:
        return Decision(code)
    if checked.cvv_is_wrong:
        return Decision(ResponseCode.CARD_CHECK_FAILED)
    amount_minor = transaction.amount_minor or 0
    if transaction.effect is Effect.NONE:
        return Decision(ResponseCode.APPROVED)
    if transaction.effect is Effect.CREDIT:
        return Decision(ResponseCode.APPROVED, amount_minor)
    card = account.card
    if card.limit_minor is not None and amount_minor > card.limit_minor:
        return Decision(ResponseCode.EXCEEDS_LIMIT)
    spent_minor = account.spent_on(transaction.day)
    if card.daily_limit_minor is not None and spent_minor + amount_minor > card.daily_limit_minor:
        return Decision(ResponseCode.EXCEEDS_LIMIT)
    if amount_minor <= account.available_minor:
        return Decision(ResponseCode.APPROVED, amount_minor)
    if "partial" in card.flags and account.available_minor > 0:
        return Decision(ResponseCode.APPROVED_IN_PART, account.available_minor)
    return Decision(ResponseCode.INSUFFICIENT_FUNDS)


def advised(transaction: Transaction, account: Account | None) -> Decision:
    """What an advice does: it happened already, so nothing of the card's state refuses it."""
    if transaction.effect is None:
        return Decision(ResponseCode.INVALID_TRANSACTION)
    if account is None:
        return Decision(ResponseCode.NO_SUCH_CARD)
    told = transaction.message.get(DE.RESPONSE_CODE)
    if transaction.effect is Effect.NONE or (told and told not in APPROVALS):
        return Decision(ResponseCode.APPROVED)
    return Decision(ResponseCode.APPROVED, transaction.amount_minor or 0)


def balances(account: Account, processing_code: str) -> str:
    """DE 54: the ledger balance and what is available, both with their sign."""
    account_type = processing_code[2:4] or "00"
    ledger_minor = account.card.balance_minor + account.credited_minor
    return "".join(
        f"{account_type}{kind}{account.card.currency}{'D' if minor < 0 else 'C'}{abs(minor):012d}"
        for kind, minor in (("01", ledger_minor), ("02", account.available_minor)))
