"""Metrics: what happened, in few enough series, at the same cost however long the router runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from router.net.metrics import Metrics
from router.net.observer import RouterObserver
from router.net.reload_outcome import ReloadOutcome
from router.switching.exchange_counts import SERIES_MAX
from router.switching.ports import Observer
from tests.outside.events import event, status
from tests.outside.test_log import Pipe

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(metrics: Metrics) -> Samples:
    """As Prometheus reads them: name and label values -> value."""
    text = metrics.text(status(), {"log_lines": 2, "mqtt_messages": 0}).decode()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def over(view: RouterObserver, **changed: Any) -> None:
    """An exchange, as the conductor tells of it."""
    one = event(**changed)
    observer: Observer = view
    observer.exchanges.add(
        one.acquirer, one.issuer, one.mti, one.response_code, one.decided_by,
        one.hsm_us, one.issuer_us, one.total_us)  # fmt: skip


@pytest.fixture
def watched() -> Iterator[tuple[RouterObserver, Metrics]]:
    """An observer as the daemon has it, its log unread."""
    pipe = Pipe(level="error")
    metrics = Metrics()
    yield RouterObserver(pipe.log, metrics), metrics
    pipe.text()


def test_an_exchange_is_counted_with_its_times(watched: tuple[RouterObserver, Metrics]) -> None:
    """By acquirer, issuer, MTI, code and who decided."""
    view, metrics = watched
    over(view)
    over(view, response_code="51")
    over(view, response_code="51")
    found = samples(metrics)
    labels = ("medina", "issuer", "atlas", "0100", "51")  # in the order of the labels' names
    assert found["noyau_transactions_total", labels] == 2
    assert found["noyau_answer_seconds_count", ("medina",)] == 3
    assert found["noyau_answer_seconds_sum", ("medina",)] == pytest.approx(0.045)
    assert found["noyau_issuer_seconds_bucket", ("atlas", "0.025")] == 3
    assert found["noyau_issuer_seconds_bucket", ("atlas", "0.01")] == 0
    assert found["noyau_hsm_seconds_count", ()] == 3


def test_a_stage_that_was_not_reached_is_not_timed(watched: tuple[RouterObserver, Metrics]) -> None:
    """A decline of ours would make issuer and HSM look fast."""
    view, metrics = watched
    over(view, issuer="", issuer_us=0, hsm_us=0, response_code="92")
    found = samples(metrics)
    assert found["noyau_hsm_seconds_count", ()] == 0
    assert not any(name.startswith("noyau_issuer_seconds") for name, _ in found)


def test_events_alarms_and_reloads_are_counted(watched: tuple[RouterObserver, Metrics]) -> None:
    """Each with its name."""
    view, metrics = watched
    view.counted("dropped_frame", "atlas-1")
    view.unmatched("late_response", "atlas-1", [11])
    view.alarm("saf_entry_parked", issuer="atlas")
    view.reloaded(ReloadOutcome("refused", mistakes=("bins.csv: is missing",)))
    found = samples(metrics)
    assert found["noyau_events_total", ("dropped_frame", "atlas-1")] == 1
    assert found["noyau_events_total", ("late_response", "atlas-1")] == 1
    assert found["noyau_alarms_total", ("saf_entry_parked",)] == 1
    assert found["noyau_reloads_total", ("refused",)] == 1


def test_states_are_those_of_the_moment(watched: tuple[RouterObserver, Metrics]) -> None:
    """Lines, links, what is in flight."""
    found = samples(watched[1])
    assert found["noyau_line_up", ("atlas", "atlas-1")] == 1
    assert found["noyau_line_up", ("atlas", "atlas-2")] == 0
    assert found["noyau_line_waiting", ("atlas", "atlas-1")] == 3
    assert found["noyau_acquirer_links", ("medina",)] == 4
    assert found["noyau_in_flight", ()] == 3
    assert found["noyau_ready", ()] == 1
    assert found["noyau_observation_dropped", ("log_lines",)] == 2


def test_labels_are_bounded(watched: tuple[RouterObserver, Metrics]) -> None:
    """A peer that invents codes fills no memory: beyond a limit everything is `other`."""
    view, metrics = watched
    for number in range(SERIES_MAX + 500):
        over(view, response_code=f"{number:04d}")
        view.counted(f"event-{number}", "atlas-1")
    found = samples(metrics)
    series = [labels for name, labels in found if name == "noyau_transactions_total"]
    assert len(series) == SERIES_MAX + 1
    assert found["noyau_transactions_total", ("other",) * 5] == 500
    assert found["noyau_events_total", ("other", "other")] == 500


def test_a_scrape_does_not_grow_with_traffic(watched: tuple[RouterObserver, Metrics]) -> None:
    """Elsewhere each scrape built megabytes of text until the heap was full."""
    view, metrics = watched
    over(view)
    few = len(samples(metrics))
    for number in range(5000):
        over(view, total_us=number)
    assert len(samples(metrics)) == few
