"""An issuer host of a few lines, in iso87-ascii: approves, unless it is told otherwise."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.net.peer import frame, framed, read, written

ECHOED = ("2", "3", "4", "7", "11", "32", "33", "37", "41", "49", "70")


class IssuerPeer:
    """What it heard, and how it behaves."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[dict[str, str]] = []
        self.silent_to: set[str] = set()  # MTIs
        self.sign_on_code = "00"
        self.delay_s = 0.0  # of answers to purchases
        self.changed = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.writers: list[asyncio.StreamWriter] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def of(self, *mtis: str) -> list[dict[str, str]]:
        """What it heard of these kinds."""
        return [message for message in self.heard if message["t"] in mtis]

    async def hears(self, mti: str, number: int = 1, within_s: float = 8.0) -> dict[str, str]:
        """The number-th message of that kind."""
        async with asyncio.timeout(within_s), self.changed:
            await self.changed.wait_for(lambda: len(self.of(mti)) >= number)
        return self.of(mti)[number - 1]

    async def start(self) -> None:
        """On the port it had before, if any."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hangs up and refuses connections."""
        if self._server is not None:
            self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """Every line."""
        for writer in self.writers:
            writer.transport.abort()

    def send(self, data: bytes) -> None:
        """Unasked, on the line that was opened last."""
        self.writers[-1].write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                message = read(await frame(reader))
                async with self.changed:
                    self.heard.append(message)
                    self.changed.notify_all()
                if message["t"][2] not in "02" or message["t"] in self.silent_to:
                    continue
                answer = framed(self.answer(message))
                if message["t"] == "0100" and self.delay_s:
                    asyncio.get_running_loop().call_later(self.delay_s, writer.write, answer)
                else:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.remove(writer)
            writer.close()

    def answer(self, message: dict[str, str]) -> bytes:
        """00, and DE 38 on approvals."""
        mti = message["t"][:2] + str(int(message["t"][2]) + 1) + "0"
        elements = {number: message[number] for number in ECHOED if number in message}
        elements["39"] = self.sign_on_code if message.get("70") == "001" else "00"
        if mti in ("0110", "0210"):
            elements["38"] = "ABC123"
        return written(mti, elements)


@asynccontextmanager
async def issuer_peer() -> AsyncIterator[IssuerPeer]:
    """One that runs."""
    issuer = IssuerPeer()
    await issuer.start()
    try:
        yield issuer
    finally:
        await issuer.stop()
