"""How long to wait before the next attempt to connect: longer each time, never twice the same."""
import random
from typing import Final

FIRST_S: Final = 0.1


class Backoff:
    """Doubles up to a limit; up to half is taken off at random: lines do not march in step."""

    __slots__ = ("_max_s", "_next_s")

    def __init__(self, max_s: float) -> None:
        self._max_s = max_s
        self._next_s = min(FIRST_S, max_s)

    def reset(self) -> None:
        """The last connection was good."""
        self._next_s = min(FIRST_S, self._max_s)

    def wait_s(self) -> float:
        """Of the attempt that failed just now."""
        wait_s = self._next_s * random.uniform(0.5, 1.0)
        self._next_s = min(self._next_s * 2, self._max_s)
        return wait_s
