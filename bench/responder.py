"""An issuer that approves everything: its answers are prepared, and patched at fixed places.

Run as a process: `python -m bench.responder DIALECT`; it prints its port. The first request of each
layout is answered through pyiso8583; those after it by copying three elements.
"""

import asyncio
import sys
from typing import Final, cast

import iso8583
import uvloop

from bench.frames import RRN, STAN, TIME, Frames, Spec, element_spans, framed
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

ECHOED: Final = ("2", "3", "4", "7", "11", "32", "33", "37", "41", "42", "49", "70")
PATCHED: Final = (STAN, TIME, RRN)
LAYOUT_BYTES: Final = 44  # header, MTI and bitmap of every dialect here lie within these


class Recipe:
    """From a request of one layout to its answer."""

    __slots__ = ("_answer", "_copies")

    def __init__(self, request: bytes, answer: bytes, spec: Spec) -> None:
        asked, answered = element_spans(request, spec), element_spans(answer, spec)
        self._copies = [
            (slice(*answered[name]), slice(*asked[name]))
            for name in PATCHED
            if name in asked and name in answered
        ]
        self._answer = bytearray(answer)

    def answer_to(self, request: bytes) -> bytes:
        for into, out_of in self._copies:
            self._answer[into] = request[out_of]
        return framed(self._answer)


class Responder(asyncio.Protocol):
    """One line of the router's."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._frames = Frames()
        self._recipes: dict[tuple[int, bytes], Recipe] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"".join([self._answered(f) for f in self._frames.feed(data)]))

    def _answered(self, request: bytes) -> bytes:
        layout = (len(request), request[:LAYOUT_BYTES])
        recipe = self._recipes.get(layout)
        if recipe is None:
            recipe = Recipe(request, self._approved(request), self._spec)
            if len(self._recipes) < 256:
                self._recipes[layout] = recipe
        return recipe.answer_to(request)

    def _approved(self, request: bytes) -> bytes:
        asked, _ = iso8583.decode(request, self._spec)
        answer: dict[str, str] = {name: asked[name] for name in ECHOED if name in asked}
        function = asked["t"][2]
        answer |= {"t": f"{asked['t'][:2]}{int(function) + 1}0", "39": "00"}
        if "h" in asked:
            answer["h"] = asked["h"]
        if asked["t"][1] != "8":
            answer["38"] = "B3NCH1"
        return bytes(iso8583.encode(answer, self._spec)[0])


async def serve(dialect: str) -> None:
    """Until killed."""
    spec = pyiso8583_spec(load_dialect(dialect))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Responder(spec), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
