"""Ready or not, and why: each reason by itself."""

import dataclasses

import pytest

from router.net.status import LineStatus, RouterStatus, not_ready, status_json
from tests.outside.events import RUNNING, status


def test_a_running_router_is_ready() -> None:
    """One line of two is enough for an issuer."""
    assert not_ready(status()) == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (status(is_draining=True), "draining: stopping when what is in flight is answered"),
        (status(hsm_connections=0), "hsm: no connection is up"),
        (status(journal_fault="disk full"), "journal: disk full"),
        (
            status(lines=(*RUNNING.lines, LineStatus("sirocco", "s-1", "h:1", "signing_on", 0))),
            "issuer sirocco: no line is signed on",
        ),
        (
            status(listeners=(dataclasses.replace(RUNNING.listeners[0], is_open=False),)),
            "acquirer medina: 127.0.0.1:8583 is not open",
        ),
    ],
)
def test_each_thing_that_is_missing_is_a_reason(state: RouterStatus, reason: str) -> None:
    """In words that name it."""
    assert not_ready(state) == [reason]


def test_the_verdict_stands_beside_the_facts() -> None:
    """As `noyau status --json` prints it."""
    answer = status_json(status(hsm_connections=0))
    assert answer["ready"] is False
    assert answer["reasons"] == ["hsm: no connection is up"]
    assert answer["lines"][0] == {
        "issuer": "atlas", "line": "atlas-1", "address": "127.0.0.1:8601", "state": "signed_on",
        "waiting": 3, "breaker": "closed",
    }  # fmt: skip
