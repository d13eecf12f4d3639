"""Requests that overload refused a moment ago. A repeat, or a late original, hears the same.

Nothing else is kept of them. Forgotten, one that crossed its 96 on the way would be taken as new
and approved behind a decline. Bounded in number and in age; the oldest leave first.
"""

from collections import deque
from typing import Final

REFUSED_MAX: Final = 10_000
REMEMBERED_S: Final = 60.0


class Refused:
    """By the numbers that a repeat has too: not by DE 7, which it may carry anew, nor by its card
    and amount: another request under numbers that were refused a moment ago hears 96 as well.
    """

    __slots__ = ("_oldest", "_until")

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}
        self._oldest: deque[tuple[bytes, float]] = deque()  # a dict's first key is slow to find

    @property
    def is_empty(self) -> bool:
        """Nothing was refused lately."""
        return not self._until

    def add(self, numbers: bytes, now: float) -> None:
        """No advice: 96 is no end of one, its sender keeps it and may send it in a moment."""
        self._leave(now)
        if len(self._oldest) >= REFUSED_MAX:
            self._leave(self._oldest[0][1])
        until = now + REMEMBERED_S
        self._until[numbers] = until
        self._oldest.append((numbers, until))

    def holds(self, numbers: bytes, now: float) -> bool:
        """Was this refused a moment ago?"""
        return self._until.get(numbers, 0.0) > now

    def _leave(self, now: float) -> None:
        oldest, until = self._oldest, self._until
        while oldest and oldest[0][1] <= now:
            numbers, then = oldest.popleft()
            if until.get(numbers) == then:  # else it was refused again since
                del until[numbers]
