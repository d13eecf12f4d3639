"""The state of a router as others may see it, and whether it is ready. Pure data.

The daemon makes a RouterStatus when it is asked for one; nothing here is kept up to date.
"""

from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line to an issuer."""

    issuer: str
    line: str
    address: str
    state: str  # of the link's table: down, signing_on, signed_on, signing_off
    waiting: int  # requests without a response
    breaker: str = "closed"  # open: it is spared; half_open: one request may try it

    @property
    def carries_traffic(self) -> bool:
        return self.state == "signed_on"


@dataclass(frozen=True, slots=True)
class ListenerStatus:
    """One acquirer's listener and its links."""

    acquirer: str
    address: str
    is_open: bool
    links: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class SessionKeyStatus:
    """The PIN keys that count now between us and a peer that keys are exchanged with."""

    side: str  # "acquirer" or "issuer"
    peer: str
    kcvs: tuple[str, ...]  # check values, the newest last
    exchanged_at: float  # seconds since 1970; 0: never yet


@dataclass(frozen=True, slots=True)
class SafStatus:
    """What is stored for one issuer."""

    issuer: str
    open: int  # entries without their end
    parked: int  # that wait for a person
    out: int  # sent and not answered
    per_s: float  # acknowledged in the last second
    oldest_s: int  # the age of the oldest open one


@dataclass(frozen=True, slots=True)
class StandInStatus:
    """Of an issuer that lets us answer for it."""

    issuer: str
    mode: str  # "on", "off" or "auto"
    reason: str  # why its requests are not sent: "by hand", "lines", "silences"; empty: they are
    approvals: int  # since the start
    declines: int
    cards: int  # with something that counts against a limit


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One of several workers."""

    worker: int
    process: int  # its number; 0: there is none now
    state: str  # starting, ready, draining, waiting
    journal: str  # STATE/router/worker-JOURNAL
    acquirers: int
    in_flight: int
    starts: int
    why: str  # it ended last time; empty: it did not


@dataclass(frozen=True, slots=True)
class RouterStatus:
    """Everything."""

    version: str
    form: str  # compiled or interpreted
    configuration: str  # the folder
    up_s: float
    is_draining: bool
    hsm_connections: int  # that are up
    journal_fault: str  # empty: it takes records
    lines: tuple[LineStatus, ...]
    listeners: tuple[ListenerStatus, ...]
    in_flight: int
    saf_open: int  # store-and-forward entries without their end
    saf_parked: int
    last_reload: str  # empty: none yet
    saf: tuple[SafStatus, ...] = ()
    share_let_in: float = 1.0  # of new requests; less: there is more to do than can be done
    session_keys: tuple[SessionKeyStatus, ...] = ()
    stand_in: tuple[StandInStatus, ...] = ()
    workers: tuple[WorkerStatus, ...] = ()  # where there are several
    follower_rows_behind: int | None = None  # None: the router has no follower


def not_ready(status: RouterStatus) -> list[str]:
    """Why no traffic should be sent here; empty when it may."""
    reasons = []
    if status.is_draining:
        reasons.append("draining: stopping when what is in flight is answered")
    if not status.hsm_connections:
        reasons.append("hsm: no connection is up")
    if status.journal_fault:
        reasons.append(f"journal: {status.journal_fault}")
    issuers = dict.fromkeys(line.issuer for line in status.lines)
    working = {line.issuer for line in status.lines if line.carries_traffic}
    reasons.extend(f"issuer {one}: no line is signed on" for one in issuers if one not in working)
    reasons.extend(
        f"acquirer {one.acquirer}: {one.address} is not open"
        for one in status.listeners
        if not one.is_open
    )
    return reasons


def status_json(status: RouterStatus) -> dict[str, Any]:
    """With the verdict."""
    reasons = not_ready(status)
    plain: dict[str, Any] = msgspec.to_builtins(status)
    return {"ready": not reasons, "reasons": reasons, **plain}
