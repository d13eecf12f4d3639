"""Transactions in the order of age. Each knows its place, so that it leaves from anywhere at once.

A place that was left between others stays empty until those before it have left, too. A dictionary
would do the same for several times the memory, and no two transactions refer to each other: the
garbage collector does not see them.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import i64

from router.switching.transaction import Transaction

EMPTY_MAX: Final = 1024  # places before the oldest, and then half of all


class ByAge:
    __slots__ = ("_first", "_places", "_taken_off")

    def __init__(self) -> None:
        self._places: list[Transaction | None] = []
        self._first: i64 = 0  # of the oldest one: places before it are empty
        self._taken_off: i64 = 0  # places that once were before all these

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

    def leave(self, transaction: Transaction) -> None:
        """It is there."""
        places, first = self._places, self._first
        places[transaction.place - self._taken_off] = None
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
