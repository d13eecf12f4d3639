"""What the supervisor and a worker say to each other: questions, answers, and sockets handed over.

A Unix socket between two processes of one program. A message is its length and a JSON array; the
sockets it brings travel with its first byte. Whoever closes the channel, or dies, ends it for both.
"""
import asyncio
import itertools
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

READ_BYTES: Final = 1 << 18
SOCKETS_MAX: Final = 64  # with one message; the kernel takes 253
LENGTH: Final = struct.Struct(">I")

Heard = Callable[[str, Any, list[int]], Coroutine[Any, Any, Any]]

_encoder: Final = msgspec.json.Encoder()


class ChannelEnded(Exception):
    """Nobody answers any more."""


class Channel:
    """`heard` gives the answer to each question; `ended` hears once that it is over."""

    def __init__(self, one: socket.socket, heard: Heard, ended: Callable[[], None]) -> None:
        one.setblocking(False)
        self._socket = one
        self._heard = heard
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._read = bytearray()
        self._sockets: deque[int] = deque()  # that came, of messages not read whole yet
        self._unsent: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._work: set[asyncio.Task[None]] = set()
        self._is_over = False
        self._loop.add_reader(one.fileno(), self._readable)

    async def ask(self, what: str, content: Any = None, sockets: Sequence[int] = ()) -> Any:
        """The answer; None where a mistake of ours kept it back. Raises ChannelEnded."""
        if self._is_over:
            raise ChannelEnded
        number = next(self._numbers)
        answer = self._asked[number] = self._loop.create_future()
        self._send(("ask", number, what, content), sockets)
        try:
            return await answer
        finally:
            self._asked.pop(number, None)

    def tell(self, what: str, content: Any = None) -> None:
        """Without an answer; nothing when it is over."""
        if not self._is_over:
            self._send(("tell", 0, what, content), ())

    def close(self) -> None:
        """For both sides."""
        if self._is_over:
            return
        self._is_over = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for descriptor in self._sockets:
            os.close(descriptor)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ChannelEnded())
        self._ended()

    def _send(self, message: tuple[str, int, str, Any], sockets: Sequence[int]) -> None:
        assert len(sockets) <= SOCKETS_MAX
        encoded = _encoder.encode((*message, len(sockets)))
        self._unsent.append((memoryview(LENGTH.pack(len(encoded)) + encoded), sockets))
        if len(self._unsent) == 1:
            self._writable()

    def _writable(self) -> None:
        try:
            while self._unsent:
                rest, sockets = self._unsent[0]
                sent = (
                    socket.send_fds(self._socket, [rest], list(sockets)) if sockets
                    else self._socket.send(rest))
                if sent < len(rest):
                    self._unsent[0] = (rest[sent:], ())
                else:
                    self._unsent.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._socket.fileno(), self._writable)
            return
        except OSError:
            self._loop.call_soon(self.close)
            return
        self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        try:
            data, sockets, _, _ = socket.recv_fds(self._socket, READ_BYTES, SOCKETS_MAX)
        except BlockingIOError:
            return
        except OSError:
            data, sockets = b"", []
        self._sockets.extend(sockets)
        if not data:
            self.close()
            return
        self._read += data
        while len(self._read) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._read)[0]
            if len(self._read) < end:
                return
            message = msgspec.json.decode(bytes(self._read[LENGTH.size:end]))
            del self._read[:end]
            self._arrived(*message)

    def _arrived(self, kind: str, number: int, what: str, content: Any, sockets: int) -> None:
        if kind == "answer":
            answer = self._asked.get(number)
            if answer is not None and not answer.done():
                answer.set_result(content)
            return
        brought = [self._sockets.popleft() for _ in range(sockets)]
        work = self._loop.create_task(self._answered(number, what, content, brought), name=what)
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    async def _answered(self, number: int, what: str, content: Any, brought: list[int]) -> None:
        answer = None
        try:
            answer = await self._heard(what, content, brought)
        except Exception as error:
            # The supervisor of one question: a mistake in our code costs its answer only.
            self._loop.call_exception_handler({"message": f"answering {what}", "exception": error})
        if number and not self._is_over:
            self._send(("answer", number, what, answer), ())
