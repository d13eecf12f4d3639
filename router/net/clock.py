"""The time, for everything that takes it as an argument."""
import time


class SystemClock:
    """Monotonic seconds, and UTC as DE 7 writes it, made once per second."""

    __slots__ = ("_second", "_text", "now", "wall")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""
        self.now = time.monotonic  # seconds that only grow
        self.wall = time.time  # seconds since 1970

    def transmission_time(self) -> str:
        """UTC: MMDDhhmmss."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._text = time.strftime("%m%d%H%M%S", time.gmtime(second))
        return self._text
