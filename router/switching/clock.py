"""The time, as the router may ask for it."""

from typing import Protocol


class Clock(Protocol):
    """Set by hand in tests, simulated in the simulation."""

    def now(self) -> float:
        """Seconds that only grow."""

    def wall(self) -> float:
        """Seconds since 1970: what is kept across restarts. It may step."""

    def transmission_time(self) -> str:
        """UTC as DE 7 writes it: MMDDhhmmss."""
