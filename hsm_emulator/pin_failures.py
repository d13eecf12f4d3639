"""PINs that were found wrong, counted against limits: who guesses PINs is stopped (error 39)."""
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LIMIT_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class PinFailureLimits:
    """How many wrong PINs are answered 01 in a minute, an hour, a day; 0: no limit."""

    per_minute: int = 0
    per_hour: int = 0
    per_day: int = 0


class PinFailures:
    """The instants of the latest failures, as many as the limits need and no more."""

    def __init__(
        self, limits: PinFailureLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with none."""
        self._clock = clock
        windows = ((60, limits.per_minute), (3600, limits.per_hour), (86400, limits.per_day))
        self._windows = [(seconds, deque[float](maxlen=limit)) for seconds, limit in windows
                         if limit]  # fmt: skip
        self.total = 0

    def are_over(self) -> bool:
        """Say whether a limit is used up: the next wrong PIN would be one too many."""
        if not self._windows:
            return False
        now = self._clock()
        return any(len(at) == at.maxlen and now - at[0] < seconds for seconds, at in self._windows)

    def count(self) -> None:
        """Take note of one failure."""
        self.total += 1
        now = self._clock()
        for _, at in self._windows:
            at.append(now)

    def within(self) -> dict[int, int]:
        """Return the failures of each limited window, by its seconds."""
        now = self._clock()
        return {
            seconds: sum(now - instant < seconds for instant in at)
            for seconds, at in self._windows
        }

    def reset(self) -> None:
        """Forget them: somebody has looked at it."""
        for _, at in self._windows:
            at.clear()
