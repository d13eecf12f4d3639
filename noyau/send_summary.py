"""What a run of `noyau send` came to: counts, response codes, latencies."""
from collections import Counter
from typing import Any, Final

from hdrh.histogram import HdrHistogram

from noyau.sender import Exchange, Outcome
from specs.elements import DE

CODES_MAX: Final = 100
LATENCY_US_MAX: Final = 3_600_000_000


class Summary:
    """Counts of one run, each exchange once."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.codes: Counter[str] = Counter()
        self._latencies: Any = HdrHistogram(1, LATENCY_US_MAX, 3)

    def count(self, exchange: Exchange) -> None:
        """One more."""
        self.outcomes[exchange.outcome] += 1
        if exchange.received is None:
            return
        code = exchange.received.get(DE.RESPONSE_CODE) or "none"
        known = code in self.codes or len(self.codes) < CODES_MAX
        self.codes[code if known else "others"] += 1
        self._latencies.record_value(min(max(1, round(exchange.latency_s * 1e6)), LATENCY_US_MAX))

    def is_all_answered(self, sent: int) -> bool:
        """In time, each of them."""
        return self.outcomes[Outcome.ANSWERED] == sent

    def line(self, sent: int) -> str:
        """One line for a person."""
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in Outcome)
        parts = [f"{sent} sent: {counts}"]
        if self.codes:
            parts.append("codes " + ", ".join(f"{c}: {n}" for c, n in sorted(self.codes.items())))
            parts.append(f"p50 {self._ms(50)} ms, p99 {self._ms(99)} ms")
        return " | ".join(parts)

    def _ms(self, percentile: float) -> str:
        return f"{self._latencies.get_value_at_percentile(percentile) / 1000:.2f}"
