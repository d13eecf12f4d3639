"""A believable day at tills, cash machines and online shops, from a seed: same seed, same day.

Pure: says who buys what, where and when; how it travels is the acquirer's.
"""
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from noyau.demo.cards import DemoCard
from noyau.demo.settings import DemoSettings, Merchant

PURCHASE, CASH, REFUND, BALANCE = "000000", "010000", "200000", "310000"
STRANGER = "9999990000000006"  # Luhn-valid, in no range: nobody's card

# Out of 1,000 transactions.
ODD_ONES = {"stranger": 3, "silent": 8, "declining": 28}
WRONG_PIN = 18
TAKEN_BACK = 16
OF_SHOPS = {"refund": 20, "stripe": 120, "awkward": 8}
OF_ATMS = {"balance": 150}
ABROAD = 330

WAVE_S = 47.0  # the rate swings by a quarter around its mean
WAVE_HEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Wish:
    """One transaction that somebody wants, `after_s` seconds behind the one before it."""

    after_s: float
    card: DemoCard
    merchant: Merchant
    terminal: int
    link: str
    processing_code: str
    amount_minor: int
    pin: str  # as typed; empty where none is asked for
    pin_is: str  # "right", "wrong" or ""
    entry: str  # "chip", "stripe" or "online"
    is_taken_back: bool  # the till reverses it once approved


class Day:
    """The wishes of one day, without end."""

    def __init__(self, settings: DemoSettings, cards: Sequence[DemoCard], seed: int,
                 rate: float) -> None:
        self._chance = random.Random(seed)
        self._rate = rate
        self._awkward_minor = settings.traffic.awkward_minor
        self._merchants = settings.merchants
        self._merchant_weights = [merchant.weight for merchant in settings.merchants]
        self._links = [link.acquirer for link in settings.links]
        self._link_weights = [link.share for link in settings.links]
        usable = [card for card in cards if not card.limited]
        self._home = [one for one in usable if one.expect == "00" and one.region == "domestic"]
        self._abroad = [one for one in usable if one.expect == "00" and one.region == "foreign"]
        self._silent = [one for one in usable if one.expect == "91"]
        self._declining = [one for one in usable if one.expect not in {"00", "91"}]

    def wishes(self) -> Iterator[Wish]:
        """Poisson arrivals on a slow wave."""
        at = 0.0
        while True:
            wave = 1 + WAVE_HEIGHT * math.sin(2 * math.pi * at / WAVE_S)
            after_s = self._chance.expovariate(self._rate * wave)
            at += after_s
            yield self._wish(after_s)

    def _wish(self, after_s: float) -> Wish:
        (merchant,) = self._chance.choices(self._merchants, self._merchant_weights)
        (link,) = self._chance.choices(self._links, self._link_weights)
        card = self._card_for(merchant)
        processing_code, entry = self._kind(merchant, card)
        pin, pin_is = self._typed(card, entry, processing_code)
        holds = processing_code != BALANCE
        amount_minor = self._amount(merchant, card) if holds else 0
        if processing_code == PURCHASE and card in self._home and self._awkward(merchant):
            amount_minor = self._chance.choice(self._awkward_minor)
        return Wish(
            after_s=after_s,
            card=card,
            merchant=merchant,
            terminal=self._chance.randrange(1, 9),
            link=link,
            processing_code=processing_code,
            amount_minor=amount_minor,
            pin=pin,
            pin_is=pin_is,
            entry=entry,
            is_taken_back=holds and self._happens(TAKEN_BACK),
        )

    def _card_for(self, merchant: Merchant) -> DemoCard:
        throw = self._chance.randrange(1000)
        for kind, cards in (("stranger", STRANGERS), ("silent", self._silent),
                            ("declining", self._declining)):
            throw -= ODD_ONES[kind]
            if throw < 0 and cards:
                return self._chance.choice(cards)
        cards = self._abroad if self._happens(ABROAD) and self._abroad else self._home
        card = self._chance.choice(cards)
        if merchant.kind == "online" and not card.e_commerce:
            # Most people know their card is closed to online shops; a few try.
            return card if self._happens(40) else next(c for c in cards if c.e_commerce)
        return card

    def _kind(self, merchant: Merchant, card: DemoCard) -> tuple[str, str]:
        """Processing code and how the card is read."""
        if merchant.kind == "online":
            return PURCHASE, "online"
        if merchant.kind == "atm":
            return (BALANCE if self._happens(OF_ATMS["balance"]) else CASH), "chip"
        if card.expect == "00" and self._happens(OF_SHOPS["refund"]):
            return REFUND, "chip"
        return PURCHASE, "stripe" if self._happens(OF_SHOPS["stripe"]) else "chip"

    def _typed(self, card: DemoCard, entry: str, processing_code: str) -> tuple[str, str]:
        if entry == "online" or processing_code == REFUND:
            return "", ""
        if self._happens(WRONG_PIN):
            return card.wrong_pin, "wrong"
        return card.pin, "right"

    def _amount(self, merchant: Merchant, card: DemoCard) -> int:
        low, high = merchant.amounts
        if merchant.kind == "atm":
            return self._chance.randrange(low, high + 1, 100) * 100
        if card.expect == "51":
            low = max(low, 100)  # what its poor balance never covers
        dirhams = low * (high / low) ** self._chance.random()  # many small ones, few large
        return int(dirhams) * 100 + self._chance.choice((0, 0, 25, 50, 75, 90))

    def _awkward(self, merchant: Merchant) -> bool:
        return merchant.kind == "shop" and self._happens(OF_SHOPS["awkward"])

    def _happens(self, of_thousand: int) -> bool:
        return self._chance.randrange(1000) < of_thousand


STRANGERS = [
    DemoCard(pan=STRANGER, expiry="3112", pin="1234", issuer="", region="", balance_minor=0,
             currency="504", expect="92", limited=False, e_commerce=True),
]
