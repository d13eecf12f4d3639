"""An HSM of a few lines: EC, EA and CY compare with what the test says is right."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RIGHT_BLOCK = "A1A2A3A4A5A6A7A8"
WRONG_BLOCK = "B1B2B3B4B5B6B7B8"
NO_BLOCK = "C1C2C3C4C5C6C7C8"
LONG_BLOCK = "D1D2D3D4D5D6D7D8"
CODES = {RIGHT_BLOCK: b"00", WRONG_BLOCK: b"01", NO_BLOCK: b"20", LONG_BLOCK: b"24"}
RIGHT_CVV = "321"


class FakeHsm:
    def __init__(self) -> None:
        self.endpoint = ""
        self.commands: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                request = await reader.readexactly(length)
                await self.answers.wait()
                answer = request[:4] + self._answer(request[4:].decode())
                writer.write(len(answer).to_bytes(2, "big") + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, command: str) -> bytes:
        self.commands.append(command)
        if command.startswith("EC"):
            return b"ED" + CODES[command[68:84]]
        if command.startswith("EA"):
            return b"EB" + CODES[command[70:86]]
        assert command.startswith("CY")
        return b"CZ00" if command[35:38] == RIGHT_CVV else b"CZ01"


@asynccontextmanager
async def fake_hsm() -> AsyncIterator[FakeHsm]:
    """One that runs; `answers.clear()` makes it silent."""
    hsm = FakeHsm()
    server = await asyncio.start_server(hsm.serve, "127.0.0.1", 0)
    hsm.endpoint = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hsm
    finally:
        hsm.answers.set()
        server.close()
