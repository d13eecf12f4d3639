"""What one would write in an afternoon: a router of plain pyiso8583 and uvloop.

    python -m bench.peers.afternoon CONFIG.json

It does what must be done and no more: decode, look up the BIN in a sorted list, have the HSM
translate the PIN block over TCP, encode with a STAN of its own, match the response, restore the
STAN, answer; 91 after a timeout. No journal, no duplicate check, no limits, no masking, no reload.
Protocol classes instead of streams, because streams cost five times as much: a good afternoon.
"""

import asyncio
import itertools
import sys
import time
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final, cast

import iso8583
import msgspec
import uvloop

from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

TIMEOUT_S: Final = 10.0
STANS: Final = 1_000_000
HEADERS: Final = 10_000
MANDATORY: Final = ("2", "3", "4", "7", "11", "41", "49")
ECHOED: Final = ("2", "3", "4", "7", "11", "32", "37", "41", "42", "49")

Fields = dict[str, str]


class Config(msgspec.Struct):
    """Where everybody is, and the keys under the HSM's master key."""

    ports: list[int]
    hsm_port: int
    issuer_port: int
    acquirer_dialect: str
    issuer_dialect: str
    acquirer_key: str
    issuer_key: str
    ranges: list[tuple[int, int]]


class Framed(asyncio.Protocol):
    """Two bytes of length, then a message."""

    def __init__(self, router: "Router") -> None:
        self.router = router
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, message: bytes | bytearray) -> None:
        self._transport.write(len(message).to_bytes(2, "big") + message)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        start, size = 0, len(self._buffer)
        while start + 2 <= size:
            stop = start + 2 + int.from_bytes(self._buffer[start : start + 2], "big")
            if stop > size:
                break
            self.received(self._buffer[start + 2 : stop])
            start = stop
        self._buffer = self._buffer[start:]

    def received(self, message: bytes) -> None:
        raise NotImplementedError


class FromAcquirer(Framed):
    def received(self, message: bytes) -> None:
        self.router.requested(self, message)


class FromIssuer(Framed):
    def received(self, message: bytes) -> None:
        self.router.responded(message)


class FromHsm(Framed):
    def received(self, message: bytes) -> None:
        self.router.translated(message)


class Pending:
    """A request on its way."""

    def __init__(self, acquirer: FromAcquirer, request: Fields) -> None:
        self.acquirer = acquirer
        self.request = request
        self.stan = request["11"]
        self.deadline = time.monotonic() + TIMEOUT_S


class Router:
    """All of it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._acquirer_spec: Any = pyiso8583_spec(load_dialect(config.acquirer_dialect))
        self._issuer_spec: Any = pyiso8583_spec(load_dialect(config.issuer_dialect))
        self._firsts = [first for first, _ in config.ranges]
        self._lasts = [last for _, last in config.ranges]
        self._stans = itertools.cycle(range(STANS))
        self._headers = itertools.cycle(range(HEADERS))
        self._at_hsm: dict[bytes, Pending] = {}
        self._at_issuer: dict[str, Pending] = {}
        self.hsm: FromHsm
        self.issuers: list[FromIssuer] = []

    def requested(self, acquirer: FromAcquirer, message: bytes) -> None:
        request, _ = iso8583.decode(message, self._acquirer_spec)
        if request["t"] != "0100":
            return
        pending = Pending(acquirer, request)
        if any(name not in request for name in MANDATORY):
            self._decline(pending, "30")
        elif not self._is_ours(request["2"]):
            self._decline(pending, "92")
        elif "52" in request:
            self._translate_pin(pending)
        else:
            self._forward(pending)

    def _is_ours(self, pan: str) -> bool:
        digits = int(pan[:9])
        place = bisect_right(self._firsts, digits) - 1
        return place >= 0 and digits <= self._lasts[place]

    def _translate_pin(self, pending: Pending) -> None:
        header = b"%04d" % next(self._headers)
        self._at_hsm[header] = pending
        keys = self._config.acquirer_key + self._config.issuer_key
        block, account = pending.request["52"], pending.request["2"][-13:-1]
        self.hsm.send(header + f"CC{keys}12{block}0101{account}".encode())

    def translated(self, answer: bytes) -> None:
        pending = self._at_hsm.pop(answer[:4], None)
        if pending is None:
            return
        if answer[6:8] != b"00":
            self._decline(pending, "55")
            return
        pending.request["52"] = answer[10:26].decode()
        self._forward(pending)

    def _forward(self, pending: Pending) -> None:
        stan = f"{next(self._stans):06d}"
        pending.request["11"] = stan
        self._at_issuer[stan] = pending
        message, _ = iso8583.encode(pending.request, self._issuer_spec)
        self.issuers[int(stan) % len(self.issuers)].send(message)

    def responded(self, message: bytes) -> None:
        response, _ = iso8583.decode(message, self._issuer_spec)
        pending = self._at_issuer.pop(response["11"], None)
        if pending is None:
            return
        response["11"] = pending.stan
        answer, _ = iso8583.encode(response, self._acquirer_spec)
        pending.acquirer.send(answer)

    def _decline(self, pending: Pending, code: str) -> None:
        request = pending.request
        response: Fields = {name: request[name] for name in ECHOED if name in request}
        response |= {"t": "0110", "11": pending.stan, "39": code}
        answer, _ = iso8583.encode(response, self._acquirer_spec)
        pending.acquirer.send(answer)

    async def give_up(self) -> None:
        """Once a second: whoever waited too long."""
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            late = [stan for stan, one in self._at_issuer.items() if one.deadline < now]
            for stan in late:
                self._decline(self._at_issuer.pop(stan), "91")


async def serve(config: Config) -> None:
    """Until killed."""
    loop = asyncio.get_running_loop()
    router = Router(config)
    _, router.hsm = await loop.create_connection(
        lambda: FromHsm(router), "127.0.0.1", config.hsm_port
    )
    for _ in range(2):
        _, issuer = await loop.create_connection(
            lambda: FromIssuer(router), "127.0.0.1", config.issuer_port
        )
        router.issuers.append(issuer)
    for port in config.ports:
        await loop.create_server(lambda: FromAcquirer(router), "127.0.0.1", port, backlog=1024)
    await router.give_up()


if __name__ == "__main__":
    uvloop.run(serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Config)))
