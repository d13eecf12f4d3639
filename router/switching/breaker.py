"""The circuit breaker of one line: after a run of silences it is spared, then tried by one request.

CLOSED: requests go. A run of failures (silence to the deadline, an answer nobody can read, 96)
opens it. OPEN: nothing goes, live or stored. After a while HALF_OPEN: stored entries go, and one
live request; its answer closes the breaker, its failure opens it for twice as long.
"""

from enum import StrEnum
from typing import Final

from router.switching.transaction_event import Observer

LONGER_AT_MOST: Final = 12.0  # times the first wait


class BreakerState(StrEnum):
    """As status and metrics show it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


CLOSED: Final = BreakerState.CLOSED
OPEN: Final = BreakerState.OPEN
HALF_OPEN: Final = BreakerState.HALF_OPEN


class Breaker:
    """Hears of live requests only: stored entries have a window that follows the issuer."""

    __slots__ = ("_is_tried", "_longer", "_until", "in_a_row", "state")

    def __init__(self) -> None:
        self.state = CLOSED
        self.in_a_row = 0  # failures
        self._until = 0.0
        self._longer = 1.0
        self._is_tried = False

    @property
    def lets_through(self) -> bool:
        """May a live request go?"""
        return self.state is CLOSED or (self.state is HALF_OPEN and not self._is_tried)

    @property
    def is_open(self) -> bool:
        """Not even stored entries go."""
        return self.state is OPEN

    @property
    def is_calm(self) -> bool:
        """Nothing failed of late: a good answer says nothing new."""
        return self.state is CLOSED and not self.in_a_row

    def sends(self) -> None:
        """A live request leaves."""
        if self.state is HALF_OPEN:
            self._is_tried = True

    def succeeded(self, line: str, observer: Observer) -> None:
        """A good answer to a live request."""
        self.in_a_row = 0
        if self.state is not CLOSED:
            self.reset()
            observer.happened("line_breaker", line=line, state=str(CLOSED), because="it answers")

    def failed(self, now: float, after: int, wait_s: float, line: str, observer: Observer) -> None:
        """Silence, or nothing that can be used, to a live request."""
        self.in_a_row += 1
        if self.state is OPEN or (self.state is CLOSED and self.in_a_row < after):
            return
        if self.state is HALF_OPEN:
            self._longer = min(LONGER_AT_MOST, self._longer * 2)
        self.state = OPEN
        self._is_tried = False
        self._until = now + wait_s * self._longer
        observer.alarm(
            "line_breaker_opened",
            line=line,
            failures=self.in_a_row,
            closed_for_s=round(wait_s * self._longer, 1),
        )

    def tick(self, now: float, line: str, observer: Observer) -> None:
        """Has it been spared long enough?"""
        if self.state is OPEN and now >= self._until:
            self.state = HALF_OPEN
            observer.happened(
                "line_breaker", line=line, state=str(HALF_OPEN), because="one request may try it"
            )

    def reset(self) -> None:
        """The line fell, or is good: what was before says nothing any more."""
        self.state = CLOSED
        self.in_a_row = 0
        self._longer = 1.0
        self._is_tried = False
