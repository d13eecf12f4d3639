"""The broker's view of the router, with a real Mosquitto, and the router's view of a broker that
is away, comes back, or refuses."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from router.net import mqtt
from router.net.addresses import Address
from router.net.metrics import Metrics
from router.net.mqtt import MqttFeed
from router.net.observer import RouterObserver
from router.net.reload_outcome import ReloadOutcome
from router.net.settings import MqttSettings
from router.switching.link_session import LinkState, Moved
from router.switching.pending import Line
from router.switching.stans import Stans
from tests.outside.broker import (
    Relay,
    broker,
    free_port,
    hash_passwords,
    listening,
    mosquitto,
    say,
    until,
    until_open,
)
from tests.outside.events import CANARY, MASKED, event
from tests.outside.test_log import Pipe

SIGNED_ON = b'{"state":"signed_on","because":"a test says so"}'
DOWN = b'{"state":"down","because":"a test says so"}'
LINE = "noyau/router/line/atlas/atlas-1"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnects at once: what is shown here does not depend on how long it waits."""
    mosquitto()
    monkeypatch.setattr(mqtt, "BACKOFF_S_FIRST", 0.02)
    monkeypatch.setattr(mqtt, "BACKOFF_S_MAX", 0.1)


class Router:
    """Log, metrics and feed as the daemon ties them."""

    def __init__(self, port: int, **changed: Any) -> None:
        self.pipe = Pipe(level="error")
        self.view = RouterObserver(self.pipe.log, Metrics())
        self.reloads = 0
        self.reasons: list[str] = []
        settings = MqttSettings(host="127.0.0.1", port=port, **changed)
        self.feed = MqttFeed(settings, self.reload, self.changed)
        self.view.use_feed(self.feed, settings.transactions)

    def line_is(self, state: LinkState) -> None:
        """The line atlas-1 moved."""
        line = Line("atlas-1", "atlas", Stans(), (11,), pending_max=1)
        self.view.line_moved(line, Address("127.0.0.1", 8601), Moved(state, "a test says so"))

    async def reload(self) -> None:
        """As from SIGHUP."""
        self.reloads += 1
        self.view.reloaded(ReloadOutcome("reloaded", changes=("bins: 1 added (atlas)",)))

    def changed(self, connected: bool, reason: str) -> None:
        """The broker came or went."""
        if not connected:
            self.reasons.append(reason)


@contextlib.asynccontextmanager
async def running(port: int, **changed: Any) -> AsyncIterator[Router]:
    """A router whose feed runs."""
    router = Router(port, **changed)
    router.feed.start()
    try:
        yield router
    finally:
        await router.feed.stop()
        router.pipe.text()


async def test_the_state_of_a_line_is_retained(tmp_path: Path) -> None:
    """Whoever subscribes later learns the last one at once."""
    port = free_port()
    with broker(tmp_path, port):
        async with running(port) as router:
            router.line_is(LinkState.SIGNING_ON)
            router.line_is(LinkState.SIGNED_ON)
            await until(lambda: router.feed.is_connected)
            async with listening(port) as first:
                await until(lambda: b'"signed_on"' in (first.last(LINE) or b""))
            async with listening(port) as later:
                await until(lambda: later.last(LINE) is not None)
                assert (LINE, SIGNED_ON, True) in later.heard
                assert later.last("noyau/router/state") == b"up"


async def test_the_last_will_says_down(tmp_path: Path) -> None:
    """The router is gone without a word: the broker says it for it. Back again, it is up."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        relay = Relay(port)
        await relay.start()
        async with listening(port) as ear, running(relay.port):
            await until(lambda: ear.last("noyau/router/state") == b"up")
            await relay.cut()
            states = [("noyau/router/state", word, False) for word in (b"up", b"down", b"up")]
            await until(lambda: [one for one in ear.heard if one[0] == states[0][0]] == states)
        await relay.stop()


async def test_an_orderly_stop_is_no_last_will(tmp_path: Path) -> None:
    """`stopped`, and what was still waiting is sent before it."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with listening(port) as ear:
            async with running(port) as router:
                await until(lambda: router.feed.is_connected)
                router.feed.tell("transaction", b"{}")
            await until(lambda: ear.last("noyau/router/state") == b"stopped")
            await until(lambda: ear.jsons("noyau/router/transaction") == [{}])
            assert b"down" not in [payload for _, payload, _ in ear.heard]


async def test_a_control_message_reloads_and_the_outcome_is_told(tmp_path: Path) -> None:
    """One message, one reload, one outcome."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with listening(port) as ear, running(port) as router:
            await until(lambda: ear.last("noyau/router/state") == b"up")
            await say(port, "noyau/router/reload")
            await until(lambda: ear.jsons("noyau/router/reload/outcome") != [])
            (outcome,) = ear.jsons("noyau/router/reload/outcome")
            assert router.reloads == 1
            assert (outcome["outcome"], outcome["changes"]) == (
                "reloaded", ["bins: 1 added (atlas)"])  # fmt: skip


async def test_a_retained_control_message_is_not_obeyed(tmp_path: Path) -> None:
    """It would reload at each connection, for ever."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        await say(port, "noyau/router/reload", b"now", retain=True)
        async with listening(port) as ear, running(port) as router:
            await until(lambda: ear.last("noyau/router/state") == b"up")
            await say(port, "noyau/router/reload")
            await until(lambda: router.reloads > 0)
            assert router.reloads == 1


async def test_transactions_are_published_only_when_asked_for(tmp_path: Path) -> None:
    """Off by default: they are many."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with listening(port) as ear:
            async with running(port) as silent:
                await until(lambda: silent.feed.is_connected)
                silent.view.transaction(event())
            async with running(port, instance="loud", transactions=True) as loud:
                await until(lambda: loud.feed.is_connected)
                loud.view.transaction(event(pan_masked=CANARY))
                await until(lambda: ear.jsons("noyau/loud/transaction") != [])
            (told,) = ear.jsons("noyau/loud/transaction")
            assert (told["response_code"], told["pan_masked"]) == ("00", MASKED)
            assert ear.jsons("noyau/router/transaction") == []


async def test_a_broker_that_is_away_changes_nothing(tmp_path: Path) -> None:
    """Observing goes on in bounded memory; when the broker comes, it hears the states as they are
    and the newest events."""
    port = free_port()
    async with running(port, transactions=True, queue_max=10) as router:
        await until(lambda: router.reasons != [])
        for number in range(1000):
            router.view.transaction(event(stan=f"{number:06d}"))
            router.line_is(LinkState.DOWN if number % 2 else LinkState.SIGNED_ON)
        assert router.feed.dropped == 990
        with broker(tmp_path, port):
            await until_open(port)
            async with listening(port) as ear:
                topic = "noyau/router/transaction"
                await until(lambda: ear.last(LINE) is not None)
                router.view.transaction(event(stan="999999"))
                await until(lambda: any(one["stan"] == "999999" for one in ear.jsons(topic)))
                assert ear.last(LINE) == DOWN
                heard = [one["stan"] for one in ear.jsons(topic)]
                newest = [*(f"{number:06d}" for number in range(990, 1000)), "999999"]
                assert heard == newest[-len(heard) :]  # the ear may have come a little later


async def test_a_broker_that_restarts_learns_everything_again(tmp_path: Path) -> None:
    """Mosquitto without persistence forgets what it retained."""
    port = free_port()
    async with running(port) as router:
        router.line_is(LinkState.SIGNED_ON)
        for _ in range(2):
            with broker(tmp_path, port):
                await until_open(port)
                await until_heard(port)
            await until(lambda: not router.feed.is_connected)


async def until_heard(port: int) -> None:
    """The line's state, whatever it is."""
    async with listening(port) as ear:
        await until(lambda: ear.last(LINE) is not None)


async def test_a_password_comes_from_its_file(tmp_path: Path) -> None:
    """Wrong: the reason is told once, not at each attempt. Mended in the file: it connects."""
    port = free_port()
    secrets = tmp_path / "broker-passwords"
    secrets.write_text("noyau:right\near:ear\n")
    hash_passwords(secrets)
    password = tmp_path / "password"
    password.write_text("wrong\n")
    with broker(tmp_path, port, "allow_anonymous false", f"password_file {secrets}"):
        await until_open(port)
        relay = Relay(port)
        await relay.start()
        async with running(relay.port, username="noyau", password_file=password) as router:
            await until(lambda: relay.connections > 3)
            assert len(router.reasons) == 1
            assert "ot authori" in router.reasons[0]
            assert "wrong" not in router.reasons[0]
            password.write_text("right\n")
            await until(lambda: router.feed.is_connected)
        await relay.stop()
