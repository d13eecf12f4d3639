"""The time, for everything that takes it as an argument."""
import time
from collections.abc import Callable
from typing import Final

from librt.time import time as wall

from router.switching.clock import Clock

# Compiled, a name that is not Final is looked up at each use.
MONOTONIC: Final[Callable[[], float]] = time.monotonic
GOES: Final = -1.0  # it does not stand


class SystemClock(Clock):
    """Monotonic seconds, and UTC as DE 7 writes it, made once per second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""
        self._stands_at = GOES

    def now(self) -> float:
        return MONOTONIC() if self._stands_at == GOES else self._stands_at

    def stand(self) -> None:
        self._stands_at = MONOTONIC()

    def go_on(self) -> None:
        self._stands_at = GOES

    def wall(self) -> float:
        return wall()

    def transmission_time(self) -> str:
        """UTC: MMDDhhmmss."""
        second = int(wall())
        if second != self._second:
            self._second = second
            self._text = time.strftime("%m%d%H%M%S", time.gmtime(second))
        return self._text
