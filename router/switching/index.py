"""Transactions by one of the two keys of their About, and no key of its own is kept for it.

A table with open addresses, in which a hash that was made along with the About is looked for: a
dictionary would want a string for each key, and hash it anew.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from router.switching.transaction import Transaction
from specs.journal_format import About

SLOTS_MIN: Final = 1024  # at the start; a power of two, and never more than half of them taken


class Index:
    """One transaction for each key: the last one that was put there."""

    __slots__ = ("_hashes", "_is_loose", "_last_slot", "_size", "_there")

    def __init__(self, is_loose: bool) -> None:
        """By its loose key, or by its key."""
        self._is_loose = is_loose
        self._size: i64 = 0
        self._last_slot: i64 = SLOTS_MIN - 1
        self._hashes = vec[i64]([0] * SLOTS_MIN)
        self._there: list[Transaction | None] = [None] * SLOTS_MIN

    def __len__(self) -> int:
        return int(self._size)

    def has_hash(self, number: i64) -> bool:
        """False is sure: nothing is there under a key of that hash."""
        at = number & self._last_slot
        while self._there[at] is not None:
            if self._hashes[at] == number:
                return True
            at = at + 1 & self._last_slot
        return False

    def get(self, number: i64, about: About) -> Transaction | None:
        """The one whose key is that of this About; `number` is the hash of it."""
        return self._there[self._slot(number, about)]

    def put(self, number: i64, transaction: Transaction) -> Transaction | None:
        """Says which one it replaces."""
        at = self._slot(number, transaction.about)
        before = self._there[at]
        self._there[at] = transaction
        self._hashes[at] = number
        if before is None:
            self._size += 1
            if 2 * self._size > self._last_slot:
                self._grow()
        return before

    def remove(self, number: i64, transaction: Transaction) -> bool:
        """False: another stands there, or none."""
        there, hashes, last_slot = self._there, self._hashes, self._last_slot
        at = number & last_slot
        while there[at] is not transaction:
            if there[at] is None:
                return False
            at = at + 1 & last_slot
        # Whoever stands behind and would not be found across the hole moves into it.
        hole = at
        at = at + 1 & last_slot
        while there[at] is not None:
            if (at - hashes[at] & last_slot) >= (at - hole & last_slot):
                there[hole] = there[at]
                hashes[hole] = hashes[at]
                hole = at
            at = at + 1 & last_slot
        there[hole] = None
        self._size -= 1
        return True

    def _slot(self, number: i64, about: About) -> i64:
        """Where it stands, or may be put."""
        there, hashes, last_slot = self._there, self._hashes, self._last_slot
        at = number & last_slot
        while True:
            found = there[at]
            if found is None or (hashes[at] == number and self._is_same(found.about, about)):
                return at
            at = at + 1 & last_slot

    def _is_same(self, one: About, other: About) -> bool:
        if self._is_loose:
            return one.loose_key == other.loose_key
        return one.key == other.key

    def _grow(self) -> None:
        there, hashes = self._there, self._hashes
        slots = 2 * len(there)
        self._last_slot = slots - 1
        self._hashes = vec[i64]([0] * slots)
        self._there = [None] * slots
        for at in range(len(there)):
            transaction = there[at]
            if transaction is None:
                continue
            to = hashes[at] & self._last_slot
            while self._there[to] is not None:
                to = to + 1 & self._last_slot
            self._there[to] = transaction
            self._hashes[to] = hashes[at]
