"""What one issuer has in flight, and how much of it is each acquirer's; rates, and how it does."""


class Bucket:
    """So many a second; what was not used is saved up, to a limit."""

    __slots__ = ("_filled_at", "_tokens")

    def __init__(self) -> None:
        self._tokens = 0.0
        self._filled_at = -1e9

    def takes(self, now: float, per_s: float, burst: float) -> bool:
        """One more, now?"""
        tokens = min(max(burst, 1.0), self._tokens + (now - self._filled_at) * per_s)
        self._filled_at = now
        takes = tokens >= 1.0
        self._tokens = tokens - 1.0 if takes else tokens
        return takes


class Held:
    """Of one issuer."""

    __slots__ = ("_by_acquirer", "_last", "bucket", "in_flight", "mean_s")

    def __init__(self) -> None:
        self.bucket = Bucket()
        self.in_flight = 0
        self.mean_s = 0.0  # from sending to its answer
        self._by_acquirer: dict[str, Part] = {}
        self._last: Part | None = None  # mostly that of the next request, too

    def part_of(self, acquirer: str) -> "Part":
        """Of these, what that acquirer has in flight there."""
        part = self._last
        if part is None or part.acquirer != acquirer:
            part = self._by_acquirer.get(acquirer)
            if part is None:
                part = self._by_acquirer[acquirer] = Part(acquirer, self)
            self._last = part
        return part


class Part:
    """What one acquirer has in flight at one issuer."""

    __slots__ = ("acquirer", "held", "in_flight")

    def __init__(self, acquirer: str, held: Held) -> None:
        self.acquirer = acquirer
        self.held = held
        self.in_flight = 0
