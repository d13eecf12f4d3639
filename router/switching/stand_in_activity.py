"""What the stand-in approved for each card while it counts, and the wrong PINs in a row.

Made of the journal's StoodIn records alone, live and at a start. Bounded in cards: a card for which
there is no room cannot be counted, and is not stood in for.
"""

from typing import Final

from specs.journal_format import StoodIn

SWEEP_EVERY_S: Final = 60.0


class CardActivity:
    """Of one card: sums by the time they stop counting."""

    __slots__ = ("sums", "wrong_pins", "wrong_until")

    def __init__(self) -> None:
        self.sums: dict[int, tuple[int, int]] = {}
        self.wrong_pins = 0
        self.wrong_until = 0

    def forget(self, wall: float) -> bool:
        """True when nothing is left that counts."""
        self.sums = {until: sums for until, sums in self.sums.items() if until > wall}
        if self.wrong_until <= wall:
            self.wrong_pins = 0
        return not self.sums and not self.wrong_pins


class Activity:
    """Of all cards of one issuer."""

    __slots__ = ("_cards", "_swept_at")

    def __init__(self) -> None:
        self._cards: dict[str, CardActivity] = {}
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._cards)

    def approved(self, pan: str, wall: float) -> tuple[int, int]:
        """How many, and what they come to in minor units."""
        card = self._cards.get(pan)
        if card is None:
            return 0, 0
        card.forget(wall)
        count = amount_minor = 0
        for one_count, one_amount in card.sums.values():
            count += one_count
            amount_minor += one_amount
        return count, amount_minor

    def wrong_pins(self, pan: str, wall: float) -> int:
        """In a row."""
        card = self._cards.get(pan)
        return card.wrong_pins if card is not None and card.wrong_until > wall else 0

    def has_room_for(self, pan: str, cards_max: int, wall: float) -> bool:
        """Looks for cards with nothing left only when it must, and seldom."""
        if pan in self._cards or len(self._cards) < cards_max:
            return True
        if wall < self._swept_at + SWEEP_EVERY_S and wall >= self._swept_at:
            return False
        self._swept_at = wall
        for one, card in list(self._cards.items()):
            if card.forget(wall):
                del self._cards[one]
        return len(self._cards) < cards_max

    def add(self, record: StoodIn) -> None:
        """Counted from now on, whatever becomes of its commit: too much is safer than too little.

        What the disk refused is taken back with the reversal that follows.
        """
        card = self._cards.get(record.pan)
        if card is None:
            card = self._cards[record.pan] = CardActivity()
        if record.count or record.amount_minor:
            count, amount_minor = card.sums.get(record.until, (0, 0))
            sums = (count + record.count, amount_minor + record.amount_minor)
            card.sums[record.until] = sums
            if sums == (0, 0):
                del card.sums[record.until]
        if record.wrong_pins >= 0:
            card.wrong_pins = record.wrong_pins
            card.wrong_until = record.until
