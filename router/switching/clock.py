"""The time, as the router may ask for it."""

from mypy_extensions import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class Clock:
    """Set by hand in tests, simulated in the simulation.

    (A class, as the other ports of every transaction: compiled, a method of a Protocol is looked up
    by its name at each call, which costs ten times as much.)
    """

    def now(self) -> float:
        """Seconds that only grow."""
        raise NotImplementedError

    def stand(self) -> None:
        """Until it is to `go_on`: what came together is worked through as of one moment, and the
        clock is read once. (One that moves by hand, or is simulated, stands at any rate.)
        """

    def go_on(self) -> None:
        """`now` is the time again."""

    def wall(self) -> float:
        """Seconds since 1970: what is kept across restarts. It may step."""
        raise NotImplementedError

    def transmission_time(self) -> str:
        """UTC as DE 7 writes it: MMDDhhmmss."""
        raise NotImplementedError
