"""Transactions by one of the two keys of their About, and no key of its own is kept for it.

Open addresses, in which a hash that was made along with the About is looked for: a dictionary would
want a string for each key, and hash it anew. Some bits of the hash say in which of many tables it
stands. Each grows by itself: where there are a million transactions, doubling one table of all of
them would stop everybody for tens of milliseconds.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from router.switching.transaction import Transaction
from specs.journal_format import About

TABLES: Final = 256
TABLE_BITS_FROM: Final = 48  # above those that say where in the table
SLOTS_MIN: Final = 8  # at the start; a power of two, and never more than half of them taken


class Table:
    """A part of an index."""

    __slots__ = ("hashes", "last_slot", "size", "there")

    def __init__(self) -> None:
        self.size: i64 = 0
        self.last_slot: i64 = SLOTS_MIN - 1
        self.hashes = vec[i64]([0] * SLOTS_MIN)
        self.there: list[Transaction | None] = [None] * SLOTS_MIN

    def grow(self) -> None:
        former, former_hashes = self.there, self.hashes
        slots: i64 = 2 * len(former)
        last_slot = slots - 1
        there: list[Transaction | None] = [None] * slots
        hashes = vec[i64]([0] * slots)
        for before in range(i64(len(former))):
            transaction = former[before]
            if transaction is None:
                continue
            at = former_hashes[before] & last_slot
            while there[at] is not None:
                at = at + 1 & last_slot
            there[at] = transaction
            hashes[at] = former_hashes[before]
        self.there, self.hashes, self.last_slot = there, hashes, last_slot


class Index:
    """One transaction for each key: the last one that was put there."""

    __slots__ = ("_is_loose", "_size", "_tables")

    def __init__(self, is_loose: bool) -> None:
        """By its loose key, or by its key."""
        self._is_loose = is_loose
        self._size = 0
        self._tables = [Table() for _ in range(TABLES)]

    def __len__(self) -> int:
        return self._size

    def has_hash(self, number: i64) -> bool:
        """False is sure: nothing is there under a key of that hash."""
        table = self._tables[number >> TABLE_BITS_FROM & TABLES - 1]
        there, hashes, last_slot = table.there, table.hashes, table.last_slot
        at = number & last_slot
        while there[at] is not None:
            if hashes[at] == number:
                return True
            at = at + 1 & last_slot
        return False

    def get(self, number: i64, recognised_by: bytes) -> Transaction | None:
        """The one whose key is in this text of an About; `number` is the hash of it."""
        table = self._tables[number >> TABLE_BITS_FROM & TABLES - 1]
        return table.there[self._slot(table, number, recognised_by)]

    def put(self, number: i64, transaction: Transaction) -> Transaction | None:
        """Says which one it replaces."""
        table = self._tables[number >> TABLE_BITS_FROM & TABLES - 1]
        at = self._slot(table, number, transaction.recognised_by)
        before = table.there[at]
        table.there[at] = transaction
        table.hashes[at] = number
        if before is None:
            self._size += 1
            table.size += 1
            if 2 * table.size > table.last_slot:
                table.grow()
        return before

    def remove(self, number: i64, transaction: Transaction) -> bool:
        """False: another stands there, or none."""
        table = self._tables[number >> TABLE_BITS_FROM & TABLES - 1]
        there, hashes, last_slot = table.there, table.hashes, table.last_slot
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
        table.size -= 1
        return True

    def _slot(self, table: Table, number: i64, recognised_by: bytes) -> i64:
        """Where it stands, or may be put."""
        there, hashes, last_slot = table.there, table.hashes, table.last_slot
        at = number & last_slot
        while True:
            found = there[at]
            if found is None:
                return at
            if hashes[at] == number and self._is_same(found.recognised_by, recognised_by):
                return at
            at = at + 1 & last_slot

    def _is_same(self, one: bytes, other: bytes) -> bool:
        if self._is_loose:
            return About(one, "").loose_key == About(other, "").loose_key
        return About(one, "").key == About(other, "").key
