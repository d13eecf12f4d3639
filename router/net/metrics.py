"""Prometheus metrics in a registry of their own, with a bound on every label.

What happens is counted where it happens; states (lines, links, what is in flight) come from one
RouterStatus at each scrape. A scrape is some hundred lines, however long the router runs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, Generic, Protocol, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from router.net.status import LineStatus, RouterStatus, SafStatus, not_ready
from router.switching.exchange_counts import BOUNDS_US, OTHER, SERIES_MAX, ExchangeCounts, Times

SECONDS: Final = tuple(str(bound / 1e6) for bound in BOUNDS_US)

One = TypeVar("One", bound="Labelled")


class Labelled(Protocol):
    """A Counter."""

    def labels(self: One, *values: str) -> One: ...


Kind = TypeVar("Kind", bound=Labelled)


class Series(Generic[Kind]):
    """The series of one metric by their labels: found without a lock, bounded in number."""

    __slots__ = ("_by_labels", "_limit", "_metric")

    def __init__(self, metric: Kind, limit: int = SERIES_MAX) -> None:
        self._metric = metric
        self._limit = limit
        self._by_labels: dict[tuple[str, ...], Kind] = {}

    def of(self, *labels: str) -> Kind:
        """The one with these labels."""
        series = self._by_labels.get(labels)
        if series is not None:
            return series
        if len(self._by_labels) >= self._limit:
            return self._metric.labels(*[OTHER] * len(labels))
        series = self._by_labels[labels] = self._metric.labels(*labels)
        return series


class Metrics:
    """Everything that is counted."""

    def __init__(self) -> None:
        # Else each series gets a second one, with the time it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.exchanges = ExchangeCounts()  # of the port Observer
        registry.register(Exchanges(self.exchanges))
        self._happened = Series(
            Counter(
                "noyau_events",
                "Late responses, dropped frames and the like",
                ("event", "link"),
                registry=registry,
            )
        )
        self._alarms = Series(
            Counter("noyau_alarms", "What a person must look at", ("alarm",), registry=registry)
        )
        self._reloads = Series(
            Counter(
                "noyau_reloads", "Reloads of the configuration", ("outcome",), registry=registry
            )
        )

    def counted(self, what: str, link: str, times: int = 1) -> None:
        """Something that happens and is no state."""
        self._happened.of(what, link).inc(times)

    def alarm(self, what: str) -> None:
        """Something a person must look at."""
        self._alarms.of(what).inc()

    def reloaded(self, outcome: str) -> None:
        """A reload, done or refused."""
        self._reloads.of(outcome).inc()

    def text(self, status: RouterStatus, dropped: Mapping[str, int]) -> bytes:
        """As Prometheus reads it. Touches nothing of the loop's: it may run in a thread."""
        return generate_latest(Scrape(self._registry, status, dropped))


    def of_supervisor(self, workers: Sequence[tuple[int, bool, int]]) -> bytes:
        """Of a router with several workers, what is none of theirs: number, ready or not, starts.
        """
        return generate_latest(Crew(self._registry, workers))


class Exchanges(Collector):
    """What was counted of exchanges, as Prometheus reads it."""

    def __init__(self, counts: ExchangeCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """In a thread, beside the loop that counts: what it iterates over is copied at once."""
        counts = self._counts
        names = ("acquirer", "issuer", "mti", "response_code", "decided_by")
        words = "Exchanges with acquirers that are over"
        transactions = CounterMetricFamily("noyau_transactions", words, labels=names)
        for labels, series in list(counts.series.items()):
            transactions.add_metric(labels, int(series.count))
        yield transactions
        yield histogram(
            "noyau_answer_seconds",
            "From a request's arrival to its answer",
            ("acquirer",),
            (((name,), times) for name, times in list(counts.answers.items())),
        )
        yield histogram(
            "noyau_issuer_seconds",
            "From sending to an issuer to its response",
            ("issuer",),
            (((name,), times) for name, times in list(counts.issuers.items()) if times.sum_us),
        )
        yield histogram("noyau_hsm_seconds", "PIN translations", (), [((), counts.hsm)])


class Crew(Collector):
    """What the supervisor of several workers counted, and whether they are there."""

    def __init__(
        self, counted: CollectorRegistry, workers: Sequence[tuple[int, bool, int]]
    ) -> None:
        self._counted = counted
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield from self._counted.collect()
        names = ("worker",)
        yield table(
            "noyau_worker_up",
            "1 when the worker serves its acquirers",
            names,
            (((str(number),), is_ready) for number, is_ready, _ in self._workers),
        )
        yield table(
            "noyau_worker_starts",
            "How often it was started; more than once: something ended it",
            names,
            (((str(number),), starts) for number, _, starts in self._workers),
        )


class Scrape(Collector):
    """What one scrape shows: everything counted, and the state at that moment."""

    def __init__(
        self, counted: CollectorRegistry, status: RouterStatus, dropped: Mapping[str, int]
    ) -> None:
        self._counted = counted
        self._status = status
        self._dropped = dropped

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield from self._counted.collect()
        yield from of_router(self._status)
        yield from of_lines(self._status.lines)
        yield from of_stand_in(self._status)
        yield from of_stored(self._status.saf)
        yield table(
            "noyau_acquirer_links",
            "Connections",
            ("acquirer",),
            (((one.acquirer,), one.links) for one in self._status.listeners),
        )
        yield table(
            "noyau_observation_dropped",
            "What nobody took in time: log lines, messages",
            ("what",),
            (((what,), number) for what, number in self._dropped.items()),
        )


def of_router(status: RouterStatus) -> Iterator[Metric]:
    """What has no label, or never changes."""
    yield table(
        "noyau_info", "What runs here", ("version", "form"), [((status.version, status.form), 1)]
    )
    yield gauge("noyau_ready", "1 when traffic may be sent", not not_ready(status))
    yield gauge("noyau_in_flight", "Requests being worked on", status.in_flight)
    yield gauge("noyau_share_let_in", "Of new requests; below 1 under load", status.share_let_in)
    yield gauge("noyau_hsm_connections", "Connections that are up", status.hsm_connections)
    yield gauge("noyau_journal_ready", "1 when it takes records", not status.journal_fault)
    if status.follower_rows_behind is not None:
        yield gauge("noyau_follower_rows_behind", "Of the journal, that the follower has not read",
                    status.follower_rows_behind)
    yield gauge("noyau_saf_open", "Stored entries without their end", status.saf_open)
    yield gauge("noyau_saf_parked", "Stored entries that wait for a person", status.saf_parked)


def of_lines(lines: Sequence[LineStatus]) -> Iterator[Metric]:
    """Each line to an issuer."""
    names = ("issuer", "line")
    yield table(
        "noyau_line_up",
        "1 when the line is signed on",
        names,
        (((one.issuer, one.line), one.carries_traffic) for one in lines),
    )
    yield table(
        "noyau_line_breaker",
        "1 when the line is spared, because it did not answer",
        names,
        (((one.issuer, one.line), one.breaker != "closed") for one in lines),
    )
    yield table(
        "noyau_line_waiting",
        "Requests without a response",
        names,
        (((one.issuer, one.line), one.waiting) for one in lines),
    )


def of_stored(stored: Sequence[SafStatus]) -> Iterator[Metric]:
    """What is stored for each issuer, and how its delivery goes."""
    rows = [
        ((one.issuer, state), count)
        for one in stored
        for state, count in (("open", one.open), ("sent", one.out), ("parked", one.parked))
    ]
    yield table(
        "noyau_saf_entries", "Stored entries; sent ones are open too", ("issuer", "state"), rows
    )
    yield table(
        "noyau_saf_per_second",
        "Stored entries acknowledged in the last second",
        ("issuer",),
        (((one.issuer,), one.per_s) for one in stored),
    )
    yield table(
        "noyau_saf_oldest_seconds",
        "Age of the oldest open entry",
        ("issuer",),
        (((one.issuer,), one.oldest_s) for one in stored),
    )


def of_stand_in(status: RouterStatus) -> Iterator[Metric]:
    """Each issuer that lets us answer for it. What was answered is in noyau_transactions."""
    yield table(
        "noyau_stand_in",
        "1 when requests are not sent but stood in for",
        ("issuer",),
        (((one.issuer,), bool(one.reason)) for one in status.stand_in),
    )
    yield table(
        "noyau_stand_in_cards",
        "Cards with something that counts against a limit",
        ("issuer",),
        (((one.issuer,), one.cards) for one in status.stand_in),
    )


def histogram(
    name: str, words: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], Times]]
) -> HistogramMetricFamily:
    """Buckets hold what is below them, too."""
    family = HistogramMetricFamily(name, words, labels=labels)
    for values, times in rows:
        up_to = list(accumulate(times.counts))
        buckets = list(zip((*SECONDS, "+Inf"), up_to, strict=True))
        family.add_metric(values, buckets, int(times.sum_us) / 1e6)
    return family


def table(
    name: str, words: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    """A gauge with labels."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    """A gauge without labels."""
    return GaugeMetricFamily(name, words, value=float(value))
