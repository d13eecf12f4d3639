"""The requests of the repeat window, found again by their keys. Bounded in number and in age."""

from router.switching import message_types
from router.switching.request import Original, Request, is_same_without_time
from router.switching.transaction import Transaction
from specs.journal_format import About, Key


class Known:
    """Insertion order is the order of age: the oldest leave first, and never one that is open."""

    __slots__ = ("_by_key", "_by_loose_key", "_flagged", "_limit", "_window_s")

    def __init__(self, limit: int, window_s: float) -> None:
        self._by_key: dict[Key, Transaction] = {}
        self._by_loose_key: dict[Key, Transaction] = {}
        self._flagged: dict[str, int] = {}  # STAN -> how many of these are known by a repeat
        self._limit = limit
        self._window_s = window_s

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def transactions(self) -> list[Transaction]:
        """All of them, the oldest first."""
        return list(self._by_key.values())

    @property
    def is_full(self) -> bool:
        """No room, although what is old enough has left: everything in it is open or young."""
        return len(self._by_key) >= self._limit

    def add(self, transaction: Transaction) -> None:
        self._by_key[transaction.about.key] = transaction
        self._by_loose_key[transaction.about.loose_key] = transaction
        if message_types.is_repeat(transaction.about.mti):
            stan = transaction.about.stan
            self._flagged[stan] = self._flagged.get(stan, 0) + 1

    def forget(self, transaction: Transaction) -> None:
        """What was never durable and never left: as if it had not arrived."""
        about = transaction.about
        if self._by_key.get(about.key) is transaction:
            del self._by_key[about.key]
            if message_types.is_repeat(about.mti):
                self._unflag(about.stan)
        loose_key = about.loose_key
        if self._by_loose_key.get(loose_key) is transaction:
            del self._by_loose_key[loose_key]

    def _unflag(self, stan: str) -> None:
        left = self._flagged.get(stan, 0) - 1
        if left > 0:
            self._flagged[stan] = left
        else:
            self._flagged.pop(stan, None)

    def may_know(self, key: Key, stan: str) -> bool:
        """A first transmission under this key; False is sure. (`is_same_without_time`: by its loose
        key it would be found only where what is known is flagged repeat.)
        """
        return key in self._by_key or stan in self._flagged

    def find(self, request: Request) -> Transaction | None:
        """The one this request is, or repeats."""
        return self.find_about(request.about)

    def find_about(self, about: About) -> Transaction | None:
        under_key = self._by_key.get(about.key)
        if under_key is not None and under_key.about.content == about.content:
            return under_key
        known = self._by_loose_key.get(about.loose_key)
        if known is None or known.about.content != about.content:
            return under_key
        return known if is_same_without_time(about, known.about) else under_key

    def by_key(self, key: Key) -> Transaction | None:
        """From a record, which holds the key itself."""
        return self._by_key.get(key)

    def find_original(self, originals: list[Original]) -> Transaction | None:
        """The request that a reversal names.

        Its DE 7 may be that of a repeat, and its DE 4 what was approved of the amount. Of two that
        their acquirer gave one number and DE 7, it is the one of the same card and amount.
        """
        other: Transaction | None = None
        for original in originals:
            named = original.about.parts
            known = self._by_key.get(original.about.key)
            if known is not None:
                parts = known.about.parts
                amounts = ("", parts.amount, known.approved_amount)
                if named.pan in ("", parts.pan) and named.amount in amounts:
                    return known
                other = other if other is not None else known
            known = self._by_loose_key.get(original.about.loose_key)
            if known is not None and named.amount in (
                known.about.parts.amount, known.approved_amount,
            ):  # fmt: skip
                return known
        return other

    def evict(self, now: float) -> None:
        """What is older than the window leaves; near the limit, the oldest that are over do too."""
        excess = len(self._by_key) - self._limit * 9 // 10
        leaving: list[Transaction] = []
        for transaction in self._by_key.values():
            is_old = now - transaction.known_since > self._window_s
            if not is_old and len(leaving) >= excess:
                break
            is_over = transaction.told is not None and not transaction.is_settling
            if is_over and transaction.reversing is None:
                leaving.append(transaction)
        for transaction in leaving:
            self.forget(transaction)

