"""An HSM of a few lines: M0 and M2 are an XOR, CA and CC a lookup. Its framing is its own."""
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.net.peer import frame, framed

DATA_KEY = "U" + "0123456789ABCDEF" * 2
DATA_KEY_KCV = "5A5A5A"
PIN_BLOCK = "A1A2A3A4A5A6A7A8"
TRANSLATED = "0F0E0D0C0B0A0908"
UNACCEPTABLE = "C1C2C3C4C5C6C7C8"
KEYS = 2 * 33


class HsmPeer:
    """What it is told, and how it behaves."""

    def __init__(self) -> None:
        self.port = 0
        self.commands: list[bytes] = []
        self.speaks = asyncio.Event()  # cleared: it reads and says nothing
        self.speaks.set()
        self.answer: Callable[[bytes], bytes] = answer
        self._server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """On the port it had before, if any."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hangs up and refuses connections."""
        if self._server is not None:
            self._server.close()
        for writer in list(self.writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while True:
                request = await frame(reader)
                self.commands.append(request[4:])
                if not self.speaks.is_set():
                    continue
                writer.write(framed(request[:4] + self.answer(request[4:])))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


def answer(command: bytes) -> bytes:
    """Response code, error, body."""
    code = command[:2]
    if code == b"NC":
        return b"ND00" + b"268604" + b"0" * 10 + b"0000-TEST"
    if code in (b"M0", b"M2"):
        digits = command[2 + 4 + 3 + len(DATA_KEY) + 4:]
        return code[:1] + bytes([code[1] + 1]) + b"00" + b"%04X" % len(digits) + xored(digits)
    block = command[2 + KEYS + 2:2 + KEYS + 18].decode()
    if block == UNACCEPTABLE:
        return code[:1] + bytes([code[1] + 1]) + b"20"
    return code[:1] + bytes([code[1] + 1]) + b"0004" + TRANSLATED.encode() + b"01"


def xored(digits: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in bytes.fromhex(digits.decode())).hex().upper().encode()


@asynccontextmanager
async def hsm_peer() -> AsyncIterator[HsmPeer]:
    """One that runs."""
    hsm = HsmPeer()
    await hsm.start()
    try:
        yield hsm
    finally:
        await hsm.stop()
