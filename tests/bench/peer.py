"""Issuers that make one mistake, for the load to see; messages through pyiso8583."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import iso8583
from iso8583.specs import default_ascii

Fields = dict[str, str]
Answer = Callable[[Fields], Fields | None]


def approved(request: Fields) -> Fields:
    """As it should be."""
    kept = {name: request[name] for name in ("2", "3", "4", "7", "11", "37", "41", "49")}
    return kept | {"t": "0110", "39": "00"}


@contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """A server in a thread of its own (the load blocks); its port."""
    loop = asyncio.new_event_loop()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                request, _ = iso8583.decode(await reader.readexactly(size), default_ascii)
                if (response := answer(request)) is not None:
                    data, _ = iso8583.encode(response, default_ascii)
                    writer.write(len(data).to_bytes(2, "big") + data)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server, writers), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: asyncio.Server, writers: list[asyncio.StreamWriter]) -> None:
    server.close()
    for writer in writers:
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionError:
            continue
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
