"""Transactions in the order of age. Each knows its place, so that it leaves from anywhere at once.

A place that was left between others stays empty until those before it have left, too, or until most
places are empty: one transaction may stay for days, while its reversal waits for an issuer that is
away. A dictionary would do the same for several times the memory, and no two transactions refer to
each other: the garbage collector does not see them.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import i64

from router.switching.transaction import Transaction

EMPTY_MAX: Final = 1024  # places before the oldest, or between others; and then half of all


class ByAge:
    __slots__ = ("_first", "_places", "_size", "_taken_off")

    def __init__(self) -> None:
        self._places: list[Transaction | None] = []
        self._first: i64 = 0  # of the oldest one: places before it are empty
        self._taken_off: i64 = 0  # places that once were before all these
        self._size: i64 = 0

    @property
    def places(self) -> int:
        """Empty ones too."""
        return len(self._places)

    def __iter__(self) -> Iterator[Transaction]:
        """The oldest first."""
        for at in range(self._first, len(self._places)):
            transaction = self._places[at]
            if transaction is not None:
                yield transaction

    def enter(self, transaction: Transaction) -> None:
        """It is the youngest."""
        transaction.place = self._taken_off + len(self._places)
        self._places.append(transaction)
        self._size += 1

    def leave(self, transaction: Transaction) -> None:
        """It is there."""
        places, first = self._places, self._first
        places[transaction.place - self._taken_off] = None
        self._size -= 1
        while places and places[-1] is None:
            places.pop()
        count: i64 = len(places)
        while first < count and places[first] is None:
            first += 1
        self._first = min(first, count)
        if first > EMPTY_MAX and 2 * first > count:
            del places[:first]
            self._taken_off += first
            self._first = 0
        elif count - first > 2 * self._size + EMPTY_MAX:
            self._close_up()

    def _close_up(self) -> None:
        """No place is empty then."""
        self._places = [transaction for transaction in self._places if transaction is not None]
        self._first = self._taken_off = 0
        for place, transaction in enumerate(self._places):
            assert transaction is not None, "it was left out"
            transaction.place = place
