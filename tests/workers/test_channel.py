"""Supervisor and worker: questions, answers, sockets, and the end of either."""
import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from router.net.channel import Channel, ChannelEnded


class Side:
    """What it heard."""

    def __init__(self, one: socket.socket) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.sockets: list[int] = []
        self.ends = 0
        self.channel = Channel(one, self._heard, self._ended)

    async def _heard(self, what: str, content: Any, sockets: list[int]) -> Any:
        self.heard.append((what, content))
        self.sockets += sockets
        if what == "slow":
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return {"to": what, "bytes": len(content) if isinstance(content, str) else 0}

    def _ended(self) -> None:
        self.ends += 1


@asynccontextmanager
async def two_sides() -> AsyncIterator[tuple[Side, Side]]:
    """Of one channel."""
    one, other = (Side(end) for end in socket.socketpair())
    try:
        yield one, other
    finally:
        one.channel.close()
        other.channel.close()
        for descriptor in other.sockets:
            os.close(descriptor)


async def test_answers_find_their_questions_in_any_order() -> None:
    """Both sides may ask, large messages too."""
    async with two_sides() as (one, other):
        large = "x" * 3_000_000
        slow, quick, back, big = await asyncio.gather(
            one.channel.ask("slow"), one.channel.ask("quick"), other.channel.ask("back"),
            one.channel.ask("big", large))
        assert [answer["to"] for answer in (slow, quick, back, big)] == [
            "slow", "quick", "back", "big"]
        assert big["bytes"] == len(large)


async def test_sockets_come_with_their_message() -> None:
    """Between large ones, too: none is taken for another's."""
    async with two_sides() as (one, other):
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        ports = [listener.getsockname()[1] for listener in listeners]
        await asyncio.gather(
            one.channel.ask("first", "x" * 500_000, [listeners[0].fileno()]),
            one.channel.ask("none", "x" * 500_000),
            one.channel.ask("rest", "", [listeners[1].fileno(), listeners[2].fileno()]))
        for listener in listeners:
            listener.close()
        handed = [socket.socket(fileno=os.dup(one_more)) for one_more in other.sockets]
        assert [one_more.getsockname()[1] for one_more in handed] == ports
        for one_more in handed:
            one_more.close()


async def test_whoever_waits_for_an_answer_hears_of_the_end() -> None:
    """The other side died: both hear it once, and no later question hangs."""
    async with two_sides() as (one, other):
        waiting = asyncio.create_task(one.channel.ask("slow"))
        await asyncio.sleep(0)
        other.channel.close()
        with pytest.raises(ChannelEnded):
            await waiting
        with pytest.raises(ChannelEnded):
            await one.channel.ask("anything")
        one.channel.tell("nobody")
        assert (one.ends, other.ends) == (1, 1)
