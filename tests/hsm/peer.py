"""A peer of the HSM, written apart from its code: frames by hand over a plain socket."""
import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hsm_emulator.connection import Limits
from hsm_emulator.daemon import running
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import STRICT, Rules

HEADER = b"0042"
VECTORS = Path(__file__).parent.parent / "vectors" / "crypto"


class Peer:
    """One connection; every wait has a deadline."""

    def __init__(self, port: int, timeout_s: float = 10.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self._received = b""

    def ask(self, request: str | bytes) -> bytes:
        """Send one command and return its answer without length and header."""
        self.send(request)
        answer = self.receive()
        assert answer[:4] == HEADER
        return answer[4:]

    def send(self, request: str | bytes, header: bytes = HEADER) -> None:
        body = header + (request.encode("latin-1") if isinstance(request, str) else request)
        self.socket.sendall(len(body).to_bytes(2) + body)

    def receive(self) -> bytes:
        length = int.from_bytes(self._exactly(2))
        return self._exactly(length)

    def is_closed_by_device(self) -> bool:
        """Wait until the device hangs up; more data before that is dropped."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True

    def _exactly(self, count: int) -> bytes:
        while len(self._received) < count:
            received = self.socket.recv(65536)
            assert received, "the device closed the connection"
            self._received += received
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def close(self) -> None:
        self.socket.close()


@contextmanager
def device(
    limits: Limits | None = None, rules: Rules = STRICT, authorised: Sequence[str] = ()
) -> Iterator[int]:
    """Run a device in a thread of its own, activities authorised for an hour, and give its port."""
    made = Device(by_identifier(rules))
    for activity in authorised:
        made.authorisations.authorise(activity, ("amina", "brahim"), 3600)
    loop = asyncio.new_event_loop()
    started: list[int] = []
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async with running("127.0.0.1", 0, limits or Limits(), made) as port:
            started.append(port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def vectors(name: str) -> list[Any]:
    """Return the known answers of one file as pytest parameters under their own names."""
    import pytest  # noqa: PLC0415  (the rest of this module needs none)

    entries = json.loads((VECTORS / f"{name}.json").read_text())
    return [pytest.param(entry["inputs"], entry["expected"], id=entry["id"]) for entry in entries]
