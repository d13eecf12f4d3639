"""Requests that overload refused a moment ago. A repeat, or a late original, hears the same.

Nothing else is kept of them. Forgotten, one that crossed its 96 on the way would be taken as new
and approved behind a decline. Bounded in number and in age; the oldest leave first.
"""

from router.switching.message_types import is_advice
from specs.journal_format import About, Key

REFUSED_MAX = 10_000
REMEMBERED_S = 60.0


class Refused:
    """By all that makes them the same but DE 7, which a repeat may carry anew."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[Key, float] = {}

    def add(self, about: About, now: float) -> None:
        """96 is no end of an advice: its sender keeps it, and may send it in a moment."""
        if is_advice(about.mti):
            return
        until = self._until
        until.pop(about.loose_key, None)  # its new place is the last
        if len(until) >= REFUSED_MAX:
            del until[next(iter(until))]
        until[about.loose_key] = now + REMEMBERED_S

    def holds(self, about: About, now: float) -> bool:
        """Was this refused a moment ago?"""
        until = self._until
        if not until:
            return False
        while until:
            oldest = next(iter(until))
            if until[oldest] > now:
                break
            del until[oldest]
        return about.loose_key in until
