"""The requests of the repeat window, found again by their keys. Bounded in number and in age."""

from typing import TYPE_CHECKING, Final

from router.switching.by_age import ByAge
from router.switching.elements import Elements
from router.switching.index import Index
from router.switching.recognition import hashes_of
from router.switching.request import Original, Request, is_same_without_time
from router.switching.transaction import Transaction
from specs.elements import DE
from specs.journal_format import SEPARATOR, About, Key

if TYPE_CHECKING:
    from mypy_extensions import i64


SEPARATORS_BEHIND_KEY: Final = 7 * SEPARATOR  # of an About with nothing else in it


class Known:
    """In the order of age: the oldest leave first, and never one that is open."""

    __slots__ = ("_by_age", "_by_key", "_by_loose_key", "_flagged", "_limit", "_window_s")

    def __init__(self, limit: int, window_s: float) -> None:
        self._by_age = ByAge()
        self._by_key = Index(is_loose=False)
        self._by_loose_key = Index(is_loose=True)
        self._flagged: dict[str, int] = {}  # STAN -> how many of these are known by a repeat
        self._limit = limit
        self._window_s = window_s

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def transactions(self) -> list[Transaction]:
        """All of them, the oldest first."""
        return list(self._by_age)

    @property
    def is_full(self) -> bool:
        """No room, although what is old enough has left: everything in it is open or young."""
        return len(self._by_key) >= self._limit

    def add(self, transaction: Transaction) -> None:
        before = self._by_key.put(transaction.key_hash, transaction)
        if before is not None:
            self._by_age.leave(before)
        self._by_age.enter(transaction)
        self._by_loose_key.put(transaction.loose_hash, transaction)
        if transaction.kind.is_repeat:
            stan = transaction.about.stan
            self._flagged[stan] = self._flagged.get(stan, 0) + 1

    def forget(self, transaction: Transaction) -> None:
        """What was never durable and never left: as if it had not arrived."""
        if self._by_key.remove(transaction.key_hash, transaction):
            self._by_age.leave(transaction)
            if transaction.kind.is_repeat:
                self._unflag(transaction.about.stan)
        self._by_loose_key.remove(transaction.loose_hash, transaction)

    def _unflag(self, stan: str) -> None:
        left = self._flagged.get(stan, 0) - 1
        if left > 0:
            self._flagged[stan] = left
        else:
            self._flagged.pop(stan, None)

    def may_know(self, key_hash: "i64", elements: Elements) -> bool:
        """A first transmission under a key of this hash; False is sure. (Under its loose key it
        would be found only where what is known is flagged repeat.)
        """
        if self._by_key.has_hash(key_hash):
            return True
        return bool(self._flagged) and elements.text(DE.STAN) in self._flagged

    def find(self, request: Request) -> Transaction | None:
        """The one this request is, or repeats."""
        recognised_by = request.recognised_by
        under_key = self._by_key.get(request.key_hash, recognised_by)
        if under_key is not None and under_key.about.content == request.about.content:
            return under_key
        if not self._flagged and not request.kind.is_repeat:
            return under_key  # `is_same_without_time` wants one of the two flagged
        known = self._by_loose_key.get(request.loose_hash, recognised_by)
        if known is None or known.about.content != request.about.content:
            return under_key
        return known if is_same_without_time(request, known) else under_key

    def by_key(self, key: Key) -> Transaction | None:
        """From a record that holds no more of its About."""
        return self.recorded(About(key + SEPARATORS_BEHIND_KEY, ""))

    def recorded(self, about: About) -> Transaction | None:
        """The one that a record speaks of."""
        key_hash, _ = hashes_of(about)
        return self._by_key.get(key_hash, about.text)

    def find_original(self, originals: list[Original]) -> Transaction | None:
        """The request that a reversal names.

        Its DE 7 may be that of a repeat, and its DE 4 what was approved of the amount. Of two that
        their acquirer gave one number and DE 7, it is the one of the same card and amount.
        """
        other: Transaction | None = None
        for original in originals:
            named = original.about.parts
            known = self._by_key.get(original.key_hash, original.recognised_by)
            if known is not None:
                parts = known.about.parts
                amounts = ("", parts.amount, known.approved_amount)
                if named.pan in ("", parts.pan) and named.amount in amounts:
                    return known
                other = other if other is not None else known
            known = self._by_loose_key.get(original.loose_hash, original.recognised_by)
            if known is not None and named.amount in (
                known.about.parts.amount, known.approved_amount,
            ):  # fmt: skip
                return known
        return other

    def evict(self, now: float) -> None:
        """What is older than the window leaves; near the limit, the oldest that are over do too."""
        excess = len(self._by_key) - self._limit * 9 // 10
        leaving: list[Transaction] = []
        for transaction in self._by_age:
            is_old = now - transaction.known_since > self._window_s
            if not is_old and len(leaving) >= excess:
                break
            is_over = transaction.told is not None and not transaction.is_settling
            if is_over and transaction.reversing is None:
                leaving.append(transaction)
        for transaction in leaving:
            self.forget(transaction)

