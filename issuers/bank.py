"""One bank: its cards' accounts and its ledger, asked one message at a time.

Everything here happens at once on the event loop: what is decided is in the accounts and in the
ledger's next group before the next message is looked at. `host` answers when it is durable.
"""
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from issuers.cards import Card, masked
from issuers.codes import APPROVALS, ResponseCode
from issuers.decision import (
    Account,
    Checked,
    Decision,
    advised,
    balances,
    decided,
    refused_unchecked,
)
from issuers.entry import Effect, Entry, PinVerdict
from issuers.ledger import Ledger
from issuers.messages import Message
from issuers.transaction import Transaction, undecided_entry
from specs.elements import DE

INQUIRY: Final = Effect.NONE


class Bank:
    def __init__(
        self, cards: Mapping[str, Card], ledger: Ledger, pin_tries_max: int,
        unknown_original: ResponseCode, today: str,
    ) -> None:
        self._ledger = ledger
        self._pin_tries_max = pin_tries_max
        self._unknown_original = unknown_original
        self._accounts = {card.reference: Account(card) for card in cards.values()}
        ledger.deal_in({card.currency for card in cards.values()})
        self._rebuild(today)

    def account(self, transaction: Transaction) -> Account | None:
        return self._accounts[transaction.card.reference] if transaction.card else None

    def refused_unchecked(self, transaction: Transaction) -> ResponseCode | None:
        """The reason to decline a request before the HSM is asked, if there is one."""
        return refused_unchecked(transaction, self.account(transaction), self._pin_tries_max)

    def is_repeat(self, transaction: Transaction, known: Entry) -> bool:
        """Whether a message with a known key is that message again."""
        return (known.card == (transaction.card.reference if transaction.card else "")
                and known.pan_masked == masked(transaction.pan)
                and known.amount_minor == (transaction.amount_minor or 0)
                and known.processing_code == transaction.message.get(DE.PROCESSING_CODE))

    def authorize(
        self, transaction: Transaction, checked: Checked, reversed_unseen: bool, misbehaviour: str
    ) -> Entry:
        """Decide a request, and record it."""
        account = self.account(transaction)
        if reversed_unseen:
            decision = Decision(ResponseCode.DUPLICATE)
        elif (refused := self.refused_unchecked(transaction)) is not None:
            decision = Decision(refused)
        else:
            assert account is not None, "refused_unchecked answers for cards that are not ours"
            decision = decided(transaction, account, checked)
        return self._recorded(transaction, decision, checked.pin, misbehaviour)

    def advise(
        self, transaction: Transaction, reversed_unseen: bool, misbehaviour: str
    ) -> Entry:
        """Record an advice, and hold what it says was approved."""
        if reversed_unseen:
            decision = Decision(ResponseCode.APPROVED)
        else:
            decision = advised(transaction, self.account(transaction))
        return self._recorded(transaction, decision, PinVerdict.ABSENT, misbehaviour)

    def reverse(
        self, message: Message, key: str, named: str, at: str, misbehaviour: str
    ) -> Entry:
        """Take back what the original moved, or remember that it must never move anything."""
        reversal = replace(undecided_entry(message, key, at), misbehaviour=misbehaviour,
                           original_key=named)
        original = self._ledger.find(named)
        if original is None:
            reversal = replace(reversal, response_code=self._unknown_original)
            self._ledger.record(reversal, _reversed_unseen(named, message, at))
            return reversal
        left_minor = min(original.remaining_minor, replacement_minor(message))
        released_minor = original.remaining_minor - left_minor
        if released_minor:
            self._accounts_move(original, -released_minor)
            self._ledger.record(replace(original, remaining_minor=left_minor))
        reversal = replace(reversal, response_code=ResponseCode.APPROVED, card=original.card,
                           pan_masked=original.pan_masked, currency=original.currency,
                           moved_minor=released_minor)
        self._ledger.record(reversal)
        return reversal

    def _recorded(
        self, transaction: Transaction, decision: Decision, pin: PinVerdict, misbehaviour: str
    ) -> Entry:
        account = self.account(transaction)
        approved = decision.code in APPROVALS and not transaction.is_advice
        effect = transaction.effect if decision.moved_minor else Effect.NONE
        assert effect is not None, "what moved has an effect"
        entry = replace(
            undecided_entry(transaction.message, transaction.key, transaction.at),
            pan_masked=masked(transaction.pan),
            response_code=decision.code,
            authorization_code=_authorization_code(transaction.key) if approved else "",
            pin=pin,
            effect=effect,
            moved_minor=decision.moved_minor,
            remaining_minor=decision.moved_minor,
            misbehaviour=misbehaviour,
        )
        if account is not None:
            account.move(effect, decision.moved_minor, transaction.day)
            entry = replace(
                entry,
                card=account.card.reference,
                currency=account.card.currency,
                pin_tries=_counted(account, pin),
                balances=balances(account, entry.processing_code)
                if approved and transaction.effect is INQUIRY else "",
            )
        self._ledger.record(entry)
        return entry

    def _accounts_move(self, original: Entry, amount_minor: int) -> None:
        # A card that left the file has no account; its holds are in the ledger all the same.
        if (account := self._accounts.get(original.card)) is not None:
            account.move(original.effect, amount_minor, original.at[:10])

    def _rebuild(self, today: str) -> None:
        for reference, effect, moved_minor, today_minor in self._ledger.movements(today):
            if (account := self._accounts.get(reference)) is not None:
                account.move(effect, moved_minor - today_minor, "")
                account.move(effect, today_minor, today)
        for reference, tries in self._ledger.pin_tries():
            if (account := self._accounts.get(reference)) is not None:
                account.pin_tries = tries


def _authorization_code(key: str) -> str:
    return f"{zlib.crc32(key.encode()) % 1_000_000:06d}"


def replacement_minor(message: Message) -> int:
    """What is to stay of the original after this reversal: DE 95 says so, or nothing stays."""
    text = message.get(DE.REPLACEMENT_AMOUNTS)[:12]
    return int(text) if text.isascii() and text.isdigit() else 0


def _counted(account: Account, pin: PinVerdict) -> int:
    if "pin_limited" not in account.card.flags:
        return -1
    if pin is PinVerdict.WRONG:
        account.pin_tries += 1
    elif pin is PinVerdict.VERIFIED:
        account.pin_tries = 0
    return account.pin_tries


def _reversed_unseen(key: str, reversal: Message, at: str) -> Entry:
    original = reversal.get(DE.ORIGINAL_DATA)
    return Entry(key, at, original[:4], original[4:10], original[10:20], original[20:31],
                 original[31:42], rrn=reversal.get(DE.RRN).strip(),
                 effect=Effect.REVERSED_UNSEEN)
