"""A switch that answers as a test tells it to: iso87-ascii, two bytes of length."""
import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import iso8583
from iso8583.specs import default_ascii

Message = dict[str, str]
Answers = Callable[[Message], list[Message]]


def approved(request: Message) -> Message:
    """The answer that an acquirer hopes for."""
    mti = {"0100": "0110", "0200": "0210", "0420": "0430", "0421": "0430", "0800": "0810"}
    echoed = ("3", "4", "7", "11", "37", "41", "70")
    return {n: request[n] for n in echoed if n in request} | {"t": mti[request["t"]], "39": "00"}


class FakeSwitch:
    """`async with FakeSwitch(answers) as switch`: `switch.port`, and all it `heard`."""

    def __init__(self, answers: Answers) -> None:
        self.heard: list[Message] = []
        self._answers = answers
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def heard_mtis(self) -> list[str]:
        return [message["t"] for message in self.heard]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while prefix := await reader.read(2):
                frame = await reader.readexactly(int.from_bytes(prefix, "big"))
                request, _ = iso8583.decode(frame, default_ascii)
                self.heard.append(request)
                plain = [approved(request)] if request["t"] == "0800" else self._answers(request)
                for answer in plain:
                    encoded, _ = iso8583.encode(answer, default_ascii)
                    writer.write(len(encoded).to_bytes(2, "big") + encoded)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._open.discard(task)
