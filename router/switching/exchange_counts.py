"""Exchanges counted by what they came to, and their times in buckets of fixed bounds.

Plain numbers, because every transaction pays for this: one look-up, and none where the exchange
before had the same labels, finds the series, which holds the histograms that go with it.
`router.net.metrics` turns them into what Prometheus reads.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

SERIES_MAX: Final = 1000  # of one metric; what comes later counts under OTHER
OTHER: Final = "other"
BOUNDS_US: Final[tuple[int, ...]] = (
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
)  # fmt: skip

Labels = tuple[str, str, str, str, str]  # acquirer, issuer, MTI, response code, decided by


class Times:
    """A histogram: how many times fell up to each bound, and above all of them."""

    __slots__ = ("_bounds", "_counts", "_last", "sum_us")

    def __init__(self) -> None:
        self._bounds = vec[i64](BOUNDS_US)
        self._counts = vec[i64]([0] * (len(BOUNDS_US) + 1))
        self._last: i64 = 0  # where the one before fell: mostly the next one does, too
        self.sum_us: i64 = 0

    @property
    def counts(self) -> list[int]:
        """Up to each bound, above the one before."""
        return list(self._counts)

    def add(self, us: i64) -> None:
        bounds, counts = self._bounds, self._counts
        place = self._last
        while place < len(bounds) and us > bounds[place]:
            place += 1
        while place > 0 and us <= bounds[place - 1]:
            place -= 1
        self._last = place
        counts[place] += 1
        self.sum_us += us


class Series:
    """Exchanges with the same labels."""

    __slots__ = (
        "acquirer",
        "answer",
        "count",
        "decided_by",
        "issuer",
        "mti",
        "of_issuer",
        "response_code",
    )

    def __init__(self, labels: Labels, answer: Times, of_issuer: Times) -> None:
        self.acquirer, self.issuer, self.mti, self.response_code, self.decided_by = labels
        self.count: i64 = 0
        self.answer = answer
        self.of_issuer = of_issuer

    def is_of(
        self, acquirer: str, issuer: str, mti: str, response_code: str, decided_by: str
    ) -> bool:
        return (
            self.response_code == response_code
            and self.issuer == issuer
            and self.acquirer == acquirer
            and self.mti == mti
            and self.decided_by == decided_by
        )


class ExchangeCounts:
    """All of them since the start."""

    __slots__ = ("_last", "answers", "hsm", "issuers", "series")

    def __init__(self) -> None:
        self.series: dict[Labels, Series] = {}
        self.answers: dict[str, Times] = {}  # by acquirer
        self.issuers: dict[str, Times] = {}
        self.hsm = Times()
        self._last: Series | None = None

    def add(
        self, acquirer: str, issuer: str, mti: str, response_code: str, decided_by: str,
        hsm_us: i64, issuer_us: i64, total_us: i64,
    ) -> None:  # fmt: skip
        """One exchange with an acquirer is over; no code: nobody was answered."""
        series = self._last
        if series is None or not series.is_of(acquirer, issuer, mti, response_code, decided_by):
            labels = (acquirer, issuer, mti, response_code, decided_by)
            series = self.series.get(labels)
            if series is None:
                series = self._series_of(labels)
            self._last = series
        series.count += 1
        series.answer.add(total_us)
        if issuer_us:
            series.of_issuer.add(issuer_us)
        if hsm_us:
            self.hsm.add(hsm_us)

    def _series_of(self, labels: Labels) -> Series:
        if len(self.series) >= SERIES_MAX:
            labels = (OTHER, OTHER, OTHER, OTHER, OTHER)
        series = self.series.get(labels)
        if series is None:
            answer, issuer = times_of(self.answers, labels[0]), times_of(self.issuers, labels[1])
            series = self.series[labels] = Series(labels, answer, issuer)
        return series


def times_of(known: dict[str, Times], label: str) -> Times:
    if label not in known and len(known) >= SERIES_MAX:
        label = OTHER
    return known.setdefault(label, Times())
