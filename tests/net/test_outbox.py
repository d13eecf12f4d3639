"""What went out of a connection, as far as can be known, and what comes back."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from router.net.outbox import Outbox

FRAME = b"\x00\x04what"


class Peer(asyncio.Protocol):
    """A connection with an outbox, and what `lost` said; the other end is a plain socket."""

    def __init__(self) -> None:
        self.back: list[object] | None = None
        self.gone = asyncio.get_running_loop().create_future()
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.outbox = Outbox(asyncio.get_running_loop(), transport)

    def eof_received(self) -> bool:
        self.outbox.peer_finished()
        self.finished.set_result(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.back = list(self.outbox.lost(exc))
        self.gone.set_result(None)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Peer, socket.socket]]:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        other = socket.socket()
        other.setblocking(False)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(other, listener.getsockname())
        accepted, _ = await loop.sock_accept(listener)
        _, peer = await loop.create_connection(Peer, sock=accepted)
        with other:
            try:
                yield peer, other
            finally:
                peer.outbox.abort()
                await peer.gone


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_closed_in_the_same_turn_nothing_went_out() -> None:
    async with connected() as (peer, _):
        peer.outbox.put(FRAME, "approval")
        peer.outbox.put(FRAME)
        peer.outbox.abort()
        await peer.gone
    assert peer.back == ["approval"]


async def test_what_falls_within_a_turn_takes_no_more() -> None:
    """Neither after our own close, nor when the turn's frames found the connection closing."""
    async with connected() as (peer, _):
        peer.outbox.put(FRAME, "approval")
        assert peer.outbox.takes_more
        peer.outbox.abort()
        assert not peer.outbox.takes_more
        await peer.gone
    async with connected() as (peer, _):
        peer.outbox.put(FRAME, "approval")
        peer.transport.abort()
        await turns(1)
        assert not peer.outbox.takes_more
        await peer.gone
    assert peer.back == ["approval"]


async def test_frames_of_a_turn_go_out_together_in_their_order() -> None:
    """And those of the next behind them, none of the former a second time."""
    async with connected() as (peer, other):
        for text in (b"one", b"two"):
            peer.outbox.put(text)
        await turns()
        peer.outbox.frames().write(b"three")
        await turns()
        assert other.recv(100) == b"onetwothree"


async def test_what_is_in_the_kernel_counts_as_delivered() -> None:
    """Whatever becomes of the connection then."""
    async with connected() as (peer, other):
        peer.outbox.put(FRAME, "approval")
        received = await asyncio.get_running_loop().sock_recv(other, 100)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other.close()
        await peer.gone
    assert (received, peer.back) == (FRAME, [])


async def test_what_the_peer_does_not_read_comes_back() -> None:
    """The kernel takes some; what lies behind that in the transport was never sent."""
    async with connected() as (peer, _):
        for number in range(20):
            peer.outbox.put(bytes(1_000_000), number)
            await turns()
        peer.outbox.abort()
        await peer.gone
    assert peer.back
    assert peer.back == list(range(20 - len(peer.back), 20))


async def test_a_good_end_delivers_what_was_written() -> None:
    """Closed by us: first everything goes out."""
    async with connected() as (peer, other):
        peer.outbox.put(FRAME, "approval")
        peer.outbox.close()
        await peer.gone
        received = await asyncio.get_running_loop().sock_recv(other, 100)
    assert (received, peer.back) == (FRAME, [])


async def test_a_peer_that_only_stopped_writing_has_heard_it() -> None:
    """Its machine acknowledges the bytes."""
    async with connected() as (peer, other):
        other.shutdown(socket.SHUT_WR)
        await peer.finished
        peer.outbox.put(FRAME, "approval")
        async with asyncio.timeout(5):
            while not peer.outbox.is_empty:
                await asyncio.sleep(0.005)
                peer.outbox.look()
        assert not peer.outbox.is_reset
    assert peer.back == []


async def test_after_its_good_bye_only_what_was_taken_over_there_counts() -> None:
    """In the kernel is not enough then. (Linux counts what a local socket has not read alike.)"""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        _, peer = await loop.create_unix_connection(Peer, sock=ours)
        peer.outbox.peer_finished()
        peer.outbox.put(FRAME, "approval")
        await turns()
        peer.outbox.look()
        assert not peer.outbox.is_empty
        assert await loop.sock_recv(theirs, 100) == FRAME
        peer.outbox.look()
        assert peer.outbox.is_empty
        peer.outbox.abort()
        await peer.gone
    assert peer.back == []


async def test_a_peer_that_is_gone_has_not() -> None:
    """It closed both halves: its machine says that nobody is there."""
    async with connected() as (peer, other):
        other.close()
        await peer.finished
        peer.outbox.put(FRAME, "approval")
        async with asyncio.timeout(5):
            while not peer.outbox.is_reset:
                await asyncio.sleep(0.005)
                peer.outbox.look()
        peer.outbox.abort()
        await peer.gone
    assert peer.back == ["approval"]


@pytest.mark.parametrize("half_closed", [False, True])
async def test_it_comes_back_once(half_closed: bool) -> None:
    async with connected() as (peer, _):
        if half_closed:
            peer.outbox.peer_finished()
        peer.outbox.put(FRAME, "approval")
        peer.outbox.abort()
        await peer.gone
        peer.outbox.write()
    assert peer.back == ["approval"]
    assert peer.outbox.lost(None) == []
