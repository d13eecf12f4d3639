"""When the journal states again what is open, and how far back a start must read then.

Theory. A start begins at a row that states all that is open (`Carried`), lies before the repeat
window, by age or by number, and is named by the last such row. So they come a few times per window;
and seldom where much is open, because each is a part of one commit.
"""
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from router.net.still_open import StillOpen
from router.switching.commits import Written
from router.switching.stans import STAN_MAX
from specs.journal_format import Carried, Record, Stored

IN_WINDOW: Final = 4
SHARE: Final = 4  # the next comes after so many times as many records as it has itself
EVERY_MS: Final = (15_000, 900_000)  # at least, at most


class Carrying:
    """`wall` says seconds since 1970. Times are milliseconds since 1970."""

    __slots__ = ("_at", "_due", "_every", "_forwarded", "_open", "_repeats_max", "_rows", "_since",
                 "_window_ms", "_worth", "replay_from")

    def __init__(self, wall: Callable[[], float], stans: int = STAN_MAX) -> None:
        self.replay_from = 0  # no start reads a row before this one
        self._open = StillOpen(wall, stans)
        self._rows: deque[tuple[int, int, int]] = deque()  # number, time, requests before it
        self._forwarded = 0  # requests so far
        self._at = 0  # the last one
        self._every = EVERY_MS[1]
        self._due = 0  # at so many requests, whatever the time
        self._since = 0  # records
        self._worth = 0  # records that make the next worth its size
        self._window_ms = 0
        self._repeats_max = 0

    @property
    def stored(self) -> list[Stored]:
        """Entries of store and forward without their end."""
        return self._open.stored

    def remember(self, window_s: float, repeats_max: int) -> None:
        """What a start has to know of the past."""
        self._window_ms, self._repeats_max = int(window_s * 1000), repeats_max
        shortest, longest = EVERY_MS
        self._every = min(max(self._window_ms // IN_WINDOW, shortest), longest)

    def is_due(self, at: int) -> bool:
        """With the next row."""
        is_time = not 0 <= at - self._at < self._every or self._forwarded >= self._due
        return is_time and self._since >= self._worth

    def carried(self, number: int, at: int, retired: int) -> Carried:
        """For the row of that number, which is to be written now."""
        rows = self._rows
        while len(rows) > 1 and self._is_behind(rows[1], at):
            rows.popleft()
        replay_from = rows[0][0] if rows else number
        records = self._open.records()
        self._since, self._worth = 0, SHARE * len(records)
        self._due = self._forwarded + max(1, self._repeats_max // IN_WINDOW)
        if not rows or rows[-1][0] != number:  # else the disk refused that row before
            self.has_row(number, at)
        return Carried(replay_from, retired, records)

    def has_row(self, number: int, at: int) -> None:
        """A row of the journal that states what is open."""
        self._rows.append((number, at, self._forwarded))
        self._at = at

    def note(self, records: Sequence[Record | Written]) -> None:
        """What became durable, or was read, in one group."""
        self._forwarded += self._open.note(records)
        self._since += len(records)

    def _is_behind(self, row: tuple[int, int, int], at: int) -> bool:
        """Beyond the repeat window, by age or by number."""
        _, carried_at, forwarded = row
        is_old = at - carried_at > self._window_ms
        return is_old or self._forwarded - forwarded > self._repeats_max
