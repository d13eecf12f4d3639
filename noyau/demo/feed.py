"""What the live view draws: figures of the last minute and of the whole run, as they come in."""
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hdrh.histogram import HdrHistogram

from noyau.demo.book import Entry
from noyau.demo.day import Wish

LATENCY_US_MAX = 60_000_000
SECONDS_KEPT = 240
LAST_KEPT = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """A finished transaction, ready to be drawn."""

    at: str  # local time
    pan_masked: str
    merchant: str
    amount_minor: int
    kind: str
    issuer: str
    code: str
    latency_ms: float
    is_taken_back: bool


class Feed:
    """Counts; draws nothing."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.by_issuer: dict[str, Counter[str]] = {}
        self.last: deque[Seen] = deque(maxlen=LAST_KEPT)
        self.sent = 0
        self.in_flight = 0
        self.reversed = 0
        self._latency: Any = HdrHistogram(1, LATENCY_US_MAX, 3)
        self._second = 0
        self._per_second: deque[int] = deque([0], maxlen=SECONDS_KEPT)

    def asked(self, now: float) -> None:
        """A request left."""
        self.sent += 1
        self.in_flight += 1
        self._roll_to(int(now))

    def answered(self, entry: Entry, wish: Wish, local_time: str) -> None:
        """An answer was heard, in time."""
        self.codes[entry.heard] += 1
        self.in_flight -= 1
        latency_s = entry.heard_at - entry.sent_at
        if not entry.is_timed_out:  # an issuer's silence says nothing about the switch's speed
            self._latency.record_value(min(int(latency_s * 1e6), LATENCY_US_MAX))
        told = self.by_issuer.setdefault(entry.issuer, Counter())
        no = "silent" if entry.is_timed_out else "declined"
        told["approved" if entry.is_approved else no] += 1
        self._roll_to(int(entry.heard_at))
        self._per_second[-1] += 1
        self.last.appendleft(Seen(local_time, entry.pan_masked, wish.merchant.name,
                                  entry.amount_minor, wish.entry, entry.issuer, entry.heard,
                                  latency_s * 1000, wish.is_taken_back and entry.is_approved))

    def given_up(self) -> None:
        """No answer came in time."""
        self.in_flight -= 1

    def taken_back(self) -> None:
        """A reversal was acknowledged."""
        self.reversed += 1

    def latency_ms(self) -> dict[str, float]:
        """Percentiles of what an issuer answered."""
        return {f"p{share:g}": round(self._latency.get_value_at_percentile(share) / 1000, 2)
                for share in (50, 99, 99.9)}

    def per_second(self, now: float, seconds: int) -> Sequence[int]:
        """Answers in each of the last whole seconds, oldest first."""
        self._roll_to(int(now))
        whole = len(self._per_second) - 1
        return list(islice(self._per_second, max(0, whole - seconds), whole))

    def _roll_to(self, second: int) -> None:
        if not self._second:
            self._second = second
        for _ in range(min(second - self._second, SECONDS_KEPT)):
            self._per_second.append(0)
        self._second = max(second, self._second)
