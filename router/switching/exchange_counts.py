"""Exchanges counted by what they came to, and their times in buckets of fixed bounds.

Plain numbers, because every transaction pays for this: one look-up finds the series, which holds
the three histograms that go with it. `router.net.metrics` turns them into what Prometheus reads.
"""

from typing import Final

SERIES_MAX: Final = 1000  # of one metric; what comes later counts under OTHER
OTHER: Final = "other"
BOUNDS_US: Final[tuple[int, ...]] = (
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
)  # fmt: skip

Labels = tuple[str, str, str, str, str]  # acquirer, issuer, MTI, response code, decided by


class Times:
    """A histogram: how many times fell up to each bound, and above all of them."""

    __slots__ = ("counts", "sum_us")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_US) + 1)
        self.sum_us = 0

    def add(self, us: int) -> None:
        place = 0
        for bound in BOUNDS_US:  # most stop early; a library's search compares objects
            if us <= bound:
                break
            place += 1
        self.counts[place] += 1
        self.sum_us += us


class Series:
    """Exchanges with the same labels."""

    __slots__ = ("answer", "count", "issuer")

    def __init__(self, answer: Times, issuer: Times) -> None:
        self.count = 0
        self.answer = answer
        self.issuer = issuer


class ExchangeCounts:
    """All of them since the start."""

    __slots__ = ("answers", "hsm", "issuers", "series")

    def __init__(self) -> None:
        self.series: dict[Labels, Series] = {}
        self.answers: dict[str, Times] = {}  # by acquirer
        self.issuers: dict[str, Times] = {}
        self.hsm = Times()

    def add(
        self, acquirer: str, issuer: str, mti: str, response_code: str, decided_by: str,
        hsm_us: int, issuer_us: int, total_us: int,
    ) -> None:  # fmt: skip
        labels = (acquirer, issuer, mti, response_code, decided_by)
        series = self.series.get(labels)
        if series is None:
            series = self._series_of(labels)
        series.count += 1
        series.answer.add(total_us)
        if issuer_us:
            series.issuer.add(issuer_us)
        if hsm_us:
            self.hsm.add(hsm_us)

    def _series_of(self, labels: Labels) -> Series:
        if len(self.series) >= SERIES_MAX:
            labels = (OTHER, OTHER, OTHER, OTHER, OTHER)
        series = self.series.get(labels)
        if series is None:
            answer, issuer = times_of(self.answers, labels[0]), times_of(self.issuers, labels[1])
            series = self.series[labels] = Series(answer, issuer)
        return series


def times_of(known: dict[str, Times], label: str) -> Times:
    if label not in known and len(known) >= SERIES_MAX:
        label = OTHER
    return known.setdefault(label, Times())
