"""What several workers say of themselves, as one router. Pure.

Numbers are added up, what a worker lacks is a reason that names it. A worker that is started again
counts from zero: metrics are not added up here, each series is labelled with its worker.
"""
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from router.net.worker_process import WorkerProcess

ADDED: Final = ("hsm_connections", "in_flight", "saf_open", "saf_parked")
CONCATENATED: Final = ("lines", "listeners")


def joined_status(
    own: dict[str, Any], workers: Sequence[WorkerProcess], statuses: Mapping[int, dict[str, Any]]
) -> dict[str, Any]:
    """`own` is what the supervisor knows: version, form, configuration, its listeners ..."""
    said = [statuses[one.number] for one in workers if one.number in statuses]
    reasons = list(own["reasons"])
    for worker in workers:
        status = statuses.get(worker.number)
        if status is None or not worker.is_ready.is_set():
            reasons.append(f"worker {worker.number}: {worker.state}")
        if status is not None:
            reasons += [f"worker {worker.number}: {one}" for one in status["reasons"]]
    joined = {
        **own,
        "ready": not reasons,
        "reasons": reasons,
        **{name: sum(one[name] for one in said) for name in ADDED},
        **{name: [part for one in said for part in one[name]] for name in CONCATENATED},
        "journal_fault": "; ".join(filter(None, (one["journal_fault"] for one in said))),
        "follower_rows_behind": sum(
            one["follower_rows_behind"] or 0 for one in said) if any(
            one["follower_rows_behind"] is not None for one in said) else None,
        "share_let_in": min((one["share_let_in"] for one in said), default=1.0),
        "saf": added_up(said, "saf", ("issuer",)),
        "stand_in": [joined_stand_in(rows) for rows in by_issuer(said, "stand_in")],
        "session_keys": list({
            (one["side"], one["peer"]): one for status in said for one in status["session_keys"]
        }.values()),
        "workers": [
            msgspec.to_builtins(one.status(
                own["acquirers_of"].get(one.number, 0),
                statuses.get(one.number, {}).get("in_flight", 0)))
            for one in workers
        ],
    }
    shown = {one["acquirer"] for one in joined["listeners"]}
    joined["listeners"] += [one for one in own["listeners"] if one["acquirer"] not in shown]
    del joined["acquirers_of"]
    return joined


def by_issuer(said: Sequence[dict[str, Any]], name: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of each issuer."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for status in said:
        for row in status[name]:
            rows.setdefault(row["issuer"], []).append(row)
    yield from rows.values()


def added_up(
    said: Sequence[dict[str, Any]], name: str, kept: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One row of each issuer; ages are those of the oldest."""
    return [
        {
            key: rows[0][key] if key in kept
            else max(row[key] for row in rows) if key == "oldest_s"
            else round(sum(row[key] for row in rows), 1)
            for key in rows[0]
        }
        for rows in by_issuer(said, name)
    ]


def joined_stand_in(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of one issuer; stood in for where any worker does."""
    added = {name: sum(row[name] for row in rows) for name in ("approvals", "declines", "cards")}
    reason = next((row["reason"] for row in rows if row["reason"]), "")
    return {**rows[0], "reason": reason, **added}


def joined_metrics(texts: Mapping[int, str], own: bytes) -> bytes:
    """As Prometheus reads it. The supervisor's own series are of no worker."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Texts(texts, own.decode()))
    return generate_latest(registry)


class Texts(Collector):
    """Families of several texts, each once."""

    def __init__(self, texts: Mapping[int, str], own: str) -> None:
        self._texts = texts
        self._own = own

    def collect(self) -> Iterator[Metric]:
        """With the label `worker`."""
        families: dict[str, Metric] = {}
        for labels, text in [
            ({}, self._own),
            *(({"worker": str(worker)}, text) for worker, text in self._texts.items()),
        ]:
            for family in text_string_to_metric_families(text):
                joined = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type))
                joined.samples += [
                    Sample(one.name, {**one.labels, **labels}, one.value)
                    for one in family.samples
                ]
        yield from families.values()
