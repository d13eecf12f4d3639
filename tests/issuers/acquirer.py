"""The other side of an issuer's line, for tests: pyiso8583's own specification, framing by hand."""
import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from typing import Any, Self

import iso8583

Spec = Mapping[str, Mapping[str, Any]]
STANS = itertools.count(1)
WITHIN_S = 5.0


def purchase(**changed: str | None) -> dict[str, str]:
    """A request for 100.00 by the first test card; `de4="..."` changes DE 4, None removes it."""
    return _message("0100", {
        "2": "9504000000000010", "3": "000000", "4": "000000010000", "7": "1124010203",
        "11": f"{next(STANS):06d}", "18": "5411", "22": "051", "32": "12345",
        "33": "999999", "37": "632801000001", "41": "TERM0001", "42": "MERCHANT0000001",
        "49": "504",
    }, changed)


def advice(request: Mapping[str, str], **changed: str | None) -> dict[str, str]:
    """The advice that this request was approved in the issuer's place."""
    return _message("0120", {**request, "11": f"{next(STANS):06d}", "39": "00"}, changed)


def reversal(
    request: Mapping[str, str], mti: str = "0420", **changed: str | None
) -> dict[str, str]:
    """The reversal of that request, with a STAN of its own."""
    return _message(mti, {
        **{number: text for number, text in request.items() if number not in ("t", "52", "35")},
        "11": f"{next(STANS):06d}", "90": original_data(request)}, changed)


def original_data(request: Mapping[str, str]) -> str:
    """DE 90: MTI, STAN, DE 7, DE 32 and DE 33 of the original."""
    return (request["t"] + request["11"] + request["7"] + request.get("32", "").zfill(11)
            + request.get("33", "").zfill(11))


def repeat(request: Mapping[str, str]) -> dict[str, str]:
    """The same message, flagged as sent again."""
    return {**request, "t": request["t"][:3] + "1"}


def network(code: str) -> dict[str, str]:
    """A network management request."""
    return {"t": "0800", "7": "1124010203", "11": f"{next(STANS):06d}", "70": code}


def _message(
    mti: str, elements: Mapping[str, str], changed: Mapping[str, str | None]
) -> dict[str, str]:
    message = {**elements, "t": mti}
    for name, text in changed.items():
        number = name.removeprefix("de")
        if text is None:
            message.pop(number, None)
        else:
            message[number] = text
    return message


class Acquirer:
    """A connection to an issuer host that reads answers in the order in which they come."""

    def __init__(
        self, spec: Spec, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._spec = spec
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, address: str, spec: Spec) -> Self:
        host, _, port = address.rpartition(":")
        return cls(spec, *await asyncio.open_connection(host, int(port)))

    async def asks(self, message: Mapping[str, str]) -> dict[str, str]:
        """Send a message and take the next answer."""
        self.sends(message)
        return await self.hears()

    def sends(self, message: Mapping[str, str]) -> None:
        self.sends_bytes(bytes(iso8583.encode(dict(message), self._spec)[0]))

    def sends_bytes(self, payload: bytes) -> None:
        self._writer.write(len(payload).to_bytes(2, "big") + payload)

    async def hears(self) -> dict[str, str]:
        return iso8583.decode(await self.hears_bytes(), self._spec)[0]

    async def hears_bytes(self) -> bytes:
        async with asyncio.timeout(WITHIN_S):
            length = int.from_bytes(await self._reader.readexactly(2), "big")
            return await self._reader.readexactly(length)

    async def hears_the_end(self) -> bool:
        """Whether the issuer closed the connection without another byte."""
        async with asyncio.timeout(WITHIN_S):
            return await self._reader.read(1) == b""

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
