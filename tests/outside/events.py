"""Builders for what is seen from outside."""

import dataclasses
from typing import Any, Final

from router.net.status import (
    LineStatus,
    ListenerStatus,
    RouterStatus,
    SafStatus,
    StandInStatus,
)
from router.switching.transaction_event import TransactionEvent

CANARY: Final = "4111111111111111"
MASKED: Final = "411111******1111"

PURCHASE: Final = TransactionEvent(
    mti="0100",
    stan="000017",
    issuer_stan="004711",
    rrn="123456789012",
    acquirer="medina",
    issuer="atlas",
    pan_masked="950400******1234",
    amount_minor=10_000,
    currency="504",
    response_code="00",
    decided_by="issuer",
    ended_in="issuer",
    hsm_us=800,
    issuer_us=12_000,
    total_us=15_000,
)

RUNNING: Final = RouterStatus(
    version="0.1.0",
    form="interpreted",
    configuration="config",
    up_s=12.5,
    is_draining=False,
    hsm_connections=2,
    journal_fault="",
    lines=(
        LineStatus("atlas", "atlas-1", "127.0.0.1:8601", "signed_on", 3),
        LineStatus("atlas", "atlas-2", "127.0.0.1:8602", "down", 0),
    ),
    listeners=(ListenerStatus("medina", "127.0.0.1:8583", is_open=True, links=4, in_flight=3),),
    in_flight=3,
    saf_open=1,
    saf_parked=0,
    last_reload="",
    saf=(SafStatus("atlas", 12, 1, 4, 398.5, 61),),
    stand_in=(StandInStatus("atlas", "auto", "", 0, 0, 0),),
    follower_rows_behind=7,
)


def event(**changed: Any) -> TransactionEvent:
    """A purchase, told at its end."""
    return dataclasses.replace(PURCHASE, **changed)


def status(**changed: Any) -> RouterStatus:
    """A router that is ready."""
    return dataclasses.replace(RUNNING, **changed)
