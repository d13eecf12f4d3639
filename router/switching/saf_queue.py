"""The entries stored for one issuer: which of them may be sent next, in constant time.

Entries of one card stand in one row, and only the first of a row may be sent: it is offered as soon
as it is durable, waits for its instant in a heap where it has one, and is taken oldest first. How
many may be out follows what the issuer does with them: one more for each that it takes, half as
many when it is silent or asks for patience, so that an issuer in trouble is asked by one entry.
"""

from collections import deque
from heapq import heappop, heappush
from typing import Final

from router.switching.saf_entry import SafEntry
from specs.journal_format import EntryId

BURST_S: Final = 0.1  # a tick may come late: so much of the rate is saved up


class SafQueue:
    """Open entries in their order, and the parked ones, which wait for an operator."""

    __slots__ = (
        "_filled_at",
        "_later",
        "_offers",
        "_ready",
        "_rows",
        "_tokens",
        "acknowledged",
        "entries",
        "out",
        "parked",
        "patience",
    )

    def __init__(self) -> None:
        self.entries: dict[EntryId, SafEntry] = {}
        self.parked: dict[EntryId, SafEntry] = {}
        self.out = 0  # sent and not answered
        self.acknowledged = 0  # since the start of the process
        self.patience = 1.0  # the share of the window that is used
        self._rows: dict[str, list[SafEntry]] = {}  # by card
        self._ready: deque[SafEntry] = deque()
        self._later: list[tuple[float, int, SafEntry]] = []  # a heap
        self._offers = 0
        self._tokens = 0.0
        self._filled_at = 0.0

    def add(self, entry: SafEntry) -> None:
        """The last of its card's row."""
        self.entries[entry.stored.id] = entry
        row = self._rows.get(entry.card)
        if row is None:
            row = self._rows[entry.card] = []
        row.append(entry)
        self._offer_first(row)

    def give_back(self, entry: SafEntry) -> None:
        """Parked before: the last of its row, but for what must come after it."""
        self.entries[entry.stored.id] = entry
        row = self._rows.setdefault(entry.card, [])
        behind = self.behind(entry.stored.id, entry.card)
        row.insert(row.index(behind[0]) if behind else len(row), entry)
        self._offer_first(row)

    def became_durable(self, entry: SafEntry, now: float) -> None:
        """It may be sent when its turn comes."""
        entry.is_durable = True
        entry.since = now
        row = self._rows.get(entry.card)
        if row is not None:
            self._offer_first(row)

    def again_at(self, entry: SafEntry, due: float) -> None:
        """It was sent, or could not be, and is tried then."""
        entry.due = due
        if not entry.is_offered and entry.stored.id in self.entries:
            entry.is_offered = True
            self._offers += 1
            heappush(self._later, (due, self._offers, entry))

    def sent(self, entry: SafEntry) -> None:
        """It waits for its response."""
        entry.is_out = entry.has_left = True
        self.out += 1

    def heard_of(self, entry: SafEntry) -> None:
        """Its response, or that there is none."""
        if entry.is_out:
            entry.is_out = False
            self.out -= 1

    def next(self, now: float) -> SafEntry | None:
        """The one to be sent now, taken out of the queue of those that may be."""
        later, ready = self._later, self._ready
        while later and later[0][0] <= now:
            ready.append(heappop(later)[2])
        while ready:
            entry = ready.popleft()
            entry.is_offered = False
            row = self._rows.get(entry.card)
            if row is not None and row[0] is entry:
                return entry
        return None

    def put_back(self, entry: SafEntry) -> None:
        """Nothing can be sent now: it stays the next."""
        entry.is_offered = True
        self._ready.appendleft(entry)

    def remove(self, entry_id: EntryId) -> SafEntry | None:
        """It is over, or parked: the next of its card may be sent."""
        entry = self.entries.pop(entry_id, None)
        if entry is None:
            return None
        self.heard_of(entry)
        row = self._rows[entry.card]
        row.remove(entry)
        if row:
            self._offer_first(row)
        else:
            del self._rows[entry.card]
        return entry

    def behind(self, entry_id: EntryId, card: str) -> list[SafEntry]:
        """What must come after this one, directly or not, in order."""
        found = [entry_id]
        entries: list[SafEntry] = []
        for entry in self._rows.get(card, ()):
            if entry.stored.after in found:
                found.append(entry.stored.id)
                entries.append(entry)
        return entries

    def window(self, window: int) -> int:
        """How many may be out together just now, at least one."""
        return max(1, int(window * self.patience))

    def took(self, window: int) -> None:
        """The issuer took one: one more may be out."""
        self.acknowledged += 1
        self.patience = min(1.0, self.patience + 1.0 / window)

    def in_trouble(self) -> None:
        """It was silent, or asked for patience."""
        self.patience /= 2

    def has_turn(self, now: float, per_s: float) -> bool:
        """May another one be sent, by the issuer's rate?"""
        most = max(2.0, per_s * BURST_S)
        self._tokens = min(most, self._tokens + (now - self._filled_at) * per_s)
        self._filled_at = now
        return self._tokens >= 1.0

    def takes_turn(self) -> None:
        """One is sent."""
        self._tokens -= 1.0

    def oldest_since(self) -> float | None:
        """Of the open ones; None where there is none, or none is durable."""
        for entry in self.entries.values():
            if entry.is_durable:
                return entry.since
        return None

    def _offer_first(self, row: list[SafEntry]) -> None:
        first = row[0]
        if first.is_durable and not first.is_out and not first.is_offered:
            first.is_offered = True
            self._ready.append(first)
