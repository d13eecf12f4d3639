"""An acquirer host of a few lines, in iso87-ascii, with two bytes of length."""
import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.net.peer import frame, framed, read, written

CARD = "9504010000000001"  # passes Luhn; 9504: national use, country 504

_stans = itertools.count(1)


def purchase(mti: str = "0100", **changed: str | None) -> dict[str, str]:
    """A purchase of 100.00 dirhams; `e52="..."` sets element 52, None leaves one out."""
    stan = f"{next(_stans):06d}"
    elements: dict[str, str | None] = {
        "t": mti, "2": CARD, "3": "000000", "4": "000000010000", "7": "1124101500", "11": stan,
        "12": "101500", "13": "1124", "22": "021", "32": "504001", "37": "632810" + stan,
        "41": "TERM0001", "42": "MERCHANT0000001", "49": "504",
    }
    elements.update({name[1:]: value for name, value in changed.items()})
    return {number: value for number, value in elements.items() if value is not None}


class AcquirerPeer:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, message: dict[str, str]) -> None:
        elements = {number: value for number, value in message.items() if number != "t"}
        self.writer.write(framed(written(message["t"], elements)))

    async def hears(self, within_s: float = 8.0) -> dict[str, str]:
        """The next message."""
        async with asyncio.timeout(within_s):
            return read(await frame(self.reader))

    async def asks(self, message: dict[str, str], within_s: float = 8.0) -> dict[str, str]:
        """Send, and hear the answer."""
        self.send(message)
        return await self.hears(within_s)

    async def is_closed(self, within_s: float = 8.0) -> bool:
        """The router hung up, without another byte."""
        async with asyncio.timeout(within_s):
            try:
                return not await self.reader.read(1)
            except ConnectionError:
                return True


@asynccontextmanager
async def acquirer_peer(address: str) -> AsyncIterator[AcquirerPeer]:
    """One that is connected."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield AcquirerPeer(reader, writer)
    finally:
        writer.transport.abort()
