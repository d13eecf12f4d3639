"""Requests that nothing answers any more, in front of what is to be done about each.

Each is recorded, reversed and answered, which takes longer than reading a request. A bank that went
silent leaves thousands at once, and whoever else is served would wait for all of them. So a turn of
the event loop takes a part: few, or of very many a small share, and what has waited longest first.
"""

from collections import deque
from typing import Final

from router.switching.peers import Issuer
from router.switching.pending import Waiting

PARTS: Final = 32  # of many: 0.5 s between issuer and acquirer are enough (turns of 5 ms)


class GivenUp:
    """Taken out of its line's table, told to nobody yet."""

    __slots__ = ("_at_once", "_waiting")

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: deque[tuple[Issuer | None, Waiting]] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def add(self, issuer: Issuer | None, waiting: Waiting) -> None:
        """Behind those that are there."""
        if issuer is not None:
            issuer.given_up += 1
        self._waiting.append((issuer, waiting))

    def part(self) -> list[tuple[Issuer | None, Waiting]]:
        """What this turn deals with, taken out."""
        count = min(len(self._waiting), max(self._at_once, len(self._waiting) // PARTS))
        part = [self._waiting.popleft() for _ in range(count)]
        for issuer, _ in part:
            if issuer is not None:
                issuer.given_up -= 1
        return part
