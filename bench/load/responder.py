"""An issuer that approves: its answers are prepared, and patched at fixed places.

Run as a process: `python -m bench.load.responder DIALECT ZPK DELAY_S`; it prints its port. The
first request of each layout is answered through pyiso8583; those after it by copying five elements.
A PIN block that is not the card's under the issuer's key is answered 55: the load sees it as wrong.
"""

import asyncio
import sys
from typing import Final, cast

import iso8583
import uvloop

from bench.load.frames import (
    CODE,
    PAN,
    PIN_BLOCK,
    RRN,
    STAN,
    TERMINAL,
    TIME,
    Frames,
    Spec,
    element_spans,
    framed,
    layout_bytes,
    mti_span,
)
from bench.load.purchases import pin_block, writer
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

ECHOED: Final = ("2", "3", "4", "7", "11", "32", "33", "37", "41", "42", "49", "70", "90")
PATCHED: Final = (PAN, TIME, STAN, RRN, TERMINAL)
LAYOUTS_MAX: Final = 256
CARDS_MAX: Final = 1000
WRONG_PIN: Final = "55"
BACKLOG: Final = 1024


class Recipe:
    """From a request of one layout to its answer."""

    __slots__ = ("_answer", "_copies", "pan", "pin_block")

    def __init__(self, request: bytes, answer: bytes, spec: Spec) -> None:
        asked, answered = element_spans(request, spec), element_spans(answer, spec)
        self._copies = [
            (slice(*answered[name]), slice(*asked[name]))
            for name in PATCHED
            if name in asked and name in answered
        ]
        self._answer = bytearray(answer)
        self.pan = slice(*asked.get(PAN, (0, 0)))
        self.pin_block = slice(*asked.get(PIN_BLOCK, (0, 0)))

    def answer_to(self, request: bytes) -> bytes:
        for into, out_of in self._copies:
            self._answer[into] = request[out_of]
        return framed(self._answer)


class Issuer:
    """What all lines share: recipes by layout, and PIN blocks known to be right."""

    def __init__(self, dialect: str, zpk: str) -> None:
        known = load_dialect(dialect)
        self._spec = pyiso8583_spec(known)
        self._layout_bytes = layout_bytes(known)
        self._mti = mti_span(known)
        self._line_mti = writer(known.mti_encoding)("0800")
        self._zpk = zpk
        self._recipes: dict[tuple[int, bytes], Recipe] = {}
        self._right: dict[bytes, bytes] = {}  # PIN block by PAN, both as they are written

    def is_of_the_line(self, request: bytes) -> bool:
        """Sign-on and echo, which no issuer takes long for."""
        return request[self._mti] == self._line_mti

    def answered(self, request: bytes) -> bytes:
        recipe = self._recipes.get((len(request), request[: self._layout_bytes]))
        if recipe is None:
            return self._first_of_its_layout(request)
        block = request[recipe.pin_block]
        if block and self._right.get(request[recipe.pan]) != block:
            return self._first_of_its_card(request, recipe)
        return recipe.answer_to(request)

    def _first_of_its_layout(self, request: bytes) -> bytes:
        asked, _ = iso8583.decode(request, self._spec)
        recipe = Recipe(request, self._approval(asked), self._spec)
        if len(self._recipes) < LAYOUTS_MAX:
            self._recipes[len(request), request[: self._layout_bytes]] = recipe
        if PIN_BLOCK not in asked:
            return recipe.answer_to(request)
        return self._first_of_its_card(request, recipe)

    def _first_of_its_card(self, request: bytes, recipe: Recipe) -> bytes:
        asked, _ = iso8583.decode(request, self._spec)
        if asked[PIN_BLOCK] != pin_block(asked[PAN], self._zpk):
            return framed(self._encoded(self._answer(asked) | {CODE: WRONG_PIN}))
        if len(self._right) < CARDS_MAX:
            self._right[request[recipe.pan]] = request[recipe.pin_block]
        return recipe.answer_to(request)

    def _approval(self, asked: dict[str, str]) -> bytes:
        return self._encoded(self._answer(asked) | {CODE: "00"})

    def _answer(self, asked: dict[str, str]) -> dict[str, str]:
        answer: dict[str, str] = {name: asked[name] for name in ECHOED if name in asked}
        answer["t"] = f"{asked['t'][:2]}{int(asked['t'][2]) + 1}0"
        if "h" in asked:
            answer["h"] = asked["h"]
        if answer["t"] == "0110":
            answer["38"] = "B3NCH1"
        return answer

    def _encoded(self, answer: dict[str, str]) -> bytes:
        return bytes(iso8583.encode(answer, self._spec)[0])


class Responder(asyncio.Protocol):
    """One line of the router's, or one connection through a relay."""

    def __init__(self, issuer: Issuer, delay_s: float) -> None:
        self._issuer = issuer
        self._frames = Frames()
        self._delay_s = delay_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass

    def data_received(self, data: bytes) -> None:
        answered = self._issuer.answered
        frames = self._frames.feed(data)
        answers = b"".join([answered(frame) for frame in frames])
        if self._delay_s and not any(self._issuer.is_of_the_line(frame) for frame in frames):
            asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, answers)
        else:
            self._transport.write(answers)


async def serve(dialect: str, zpk: str, delay_s: float) -> None:
    """Until killed."""
    issuer = Issuer(dialect, zpk)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Responder(issuer, delay_s), "127.0.0.1", 0, backlog=BACKLOG
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2], float(sys.argv[3])))
