"""Port scanners and half messages: sent away in time, without a clock that anybody waits for."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from router.net.acquirer_link import FIRST_MESSAGE_WITHIN_S, REST_OF_FRAME_WITHIN_S
from router.net.acquirer_listener import AcquirerListener, ListenerTerms, bound
from router.net.addresses import Address, AllowedPeers
from router.net.observer import RouterObserver
from router.net.waiting import until
from router.switching.clock import Clock
from router.switching.peers import Acquirer
from specs.dialect import parse_framing
from tests.builders import codec
from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer
from tests.switching.desk import Desk


class FakeClock(Clock):
    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_795_514_400.0

    def transmission_time(self) -> str:
        return "1124101500"


class NobodyWatches:
    """Takes whatever an observer is told."""

    def __getattr__(self, name: str) -> object:
        return lambda *_args, **_facts: None


@asynccontextmanager
async def visitor(clock: FakeClock) -> AsyncIterator[tuple[AcquirerListener, AcquirerPeer]]:
    """A listener with one link."""
    acquirer = Acquirer("medina", "504001", codec(), None, 4.0, 100)
    allowed = AllowedPeers(["127.0.0.1"])
    terms = ListenerTerms(parse_framing("binary-2"), allowed, False, 10, 4096, 3, "504900")
    listen = Address("127.0.0.1", 0)
    listener = AcquirerListener(
        acquirer, terms, listen, bound("medina", listen), Desk().conductor, clock,
        cast("RouterObserver", NobodyWatches()))
    await listener.open()
    async with acquirer_peer(str(listener.address)) as peer:
        assert await until(lambda: len(listener.links) == 1, 3.0)
        yield listener, peer
    listener.close()
    assert await until(lambda: not listener.links, 3.0)


async def test_who_says_nothing_is_sent_away() -> None:
    clock = FakeClock()
    async with visitor(clock) as (listener, peer):
        clock.time += FIRST_MESSAGE_WITHIN_S - 1
        listener.tick(clock.now())
        assert len(listener.links) == 1
        clock.time += 1
        listener.tick(clock.now())
        assert await peer.is_closed()


async def test_who_stops_within_a_message_is_sent_away() -> None:
    """After a keep-alive it had all the time it wanted."""
    clock = FakeClock()
    async with visitor(clock) as (listener, peer):
        [link] = listener.links
        peer.writer.write(b"\x00\x00")
        assert await until(lambda: not link._deadline, 3.0)
        clock.time += 10 * FIRST_MESSAGE_WITHIN_S
        listener.tick(clock.now())
        assert len(listener.links) == 1
        peer.writer.write(b"\x00\x40" + b"0100")
        assert await until(lambda: bool(link._deadline), 3.0)
        clock.time += REST_OF_FRAME_WITHIN_S
        listener.tick(clock.now())
        assert await peer.is_closed()


async def test_a_link_that_is_closed_takes_no_answer() -> None:
    """The conductor must know: an approval that nobody took is reversed."""
    async with visitor(FakeClock()) as (listener, peer):
        [link] = listener.links
        echo = codec().written("0810", {11: "000001", 39: "00"})
        assert link.reply(echo)
        peer.writer.transport.abort()
        assert await until(lambda: not listener.links, 3.0)
        assert not link.reply(echo)
        await asyncio.sleep(0)
