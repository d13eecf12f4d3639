"""Requests that overload refused a moment ago. A repeat, or a late original, hears the same.

Nothing else is kept of them. Forgotten, one that crossed its 96 on the way would be taken as new
and approved behind a decline. Bounded in number and in age; the oldest leave first.
"""

from collections import deque

from router.switching.message_types import is_advice
from specs.journal_format import About, Key

REFUSED_MAX = 10_000
REMEMBERED_S = 60.0


class Refused:
    """By all that makes them the same but DE 7, which a repeat may carry anew."""

    __slots__ = ("_oldest", "_until")

    def __init__(self) -> None:
        self._until: dict[Key, float] = {}
        self._oldest: deque[tuple[Key, float]] = deque()  # a dict's first key is slow to find

    def add(self, about: About, now: float) -> None:
        """96 is no end of an advice: its sender keeps it, and may send it in a moment."""
        if is_advice(about.mti):
            return
        self._leave(now)
        if len(self._oldest) >= REFUSED_MAX:
            self._leave(self._oldest[0][1])
        key = known_by(about)
        self._until[key] = now + REMEMBERED_S
        self._oldest.append((key, now + REMEMBERED_S))

    def holds(self, about: About, now: float) -> bool:
        """Was this refused a moment ago?"""
        return bool(self._until) and self._until.get(known_by(about), 0.0) > now

    def _leave(self, now: float) -> None:
        oldest, until = self._oldest, self._until
        while oldest and oldest[0][1] <= now:
            key, then = oldest.popleft()
            if until.get(key) == then:  # else it was refused again since
                del until[key]


def known_by(about: About) -> Key:
    """With the amount, which the loose key leaves out."""
    return about.loose_key + about.content
