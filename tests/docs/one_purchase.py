"""The frames of docs/life-of-an-authorization.md, captured anew from the real programs.

`python -m tests.docs.one_purchase` prints them in the form in which the document has them.
"""
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from specs.journal_format import Record
from tests.docs.demo_house import Acquirer, House, framed, house, until
from tests.docs.pages import FRAMES, as_block
from tests.docs.recorder import LENGTH_BYTES, Recorded, recorder

ISSUERS: Final = ("atlas", "meridian", "sirocco")

# 100.00 dirhams with PIN 4785, card 9504006454702522 of config/demo-cards.csv. The PIN block is
# ISO-0 under the link's public test key, which `noyau demo-cards` prints.
PURCHASE: Final = {
    2: "9504006454702522", 3: "000000", 4: "000000010000", 7: "1124020000", 11: "000017",
    12: "030000", 13: "1124", 14: "3308", 22: "051", 25: "00", 37: "632802000017",
    41: "TERM0001", 42: "MARCHE CENTRAL ", 49: "504", 52: "AEB3A594DD787266",
}  # fmt: skip
UNANSWERED: Final = PURCHASE | {4: "000000777791", 11: "000018", 37: "632802000018"}
WITHOUT_HSM: Final = PURCHASE | {11: "000019", 37: "632802000019"}


@dataclass
class Captured:
    """Everything that the document shows."""

    frames: dict[str, bytes] = field(default_factory=dict)  # length prefixes included
    records: list[Record] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Wires:
    """A recorder each."""

    hsm: Recorded  # the router's
    bank_hsm: Recorded  # that of atlas
    lines: list[Recorded]  # from the router to atlas


async def captured(folder: Path) -> Captured:
    """One purchase, its repeat, one that the issuer leaves unanswered, one without an HSM."""
    found = Captured()
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(house(folder))
        hsm = await home.start_hsm()
        wires = await wired(home, stack)
        for name in ISSUERS:
            await home.start("issuer", "run", name, ready='"listening"')
        router = await home.start("router", ready='"router": "ready"')
        await until(lambda: all(wire.answered for wire in wires.lines), "sign-on of both lines")
        acquirer = await home.acquirer()

        await purchase(found.frames, acquirer, wires)
        await silence(found.frames, acquirer, wires)
        await home.end(hsm)
        found.frames["away"] = framed("0100", WITHOUT_HSM)
        found.frames["away_answer"] = await acquirer.asks(found.frames["away"])

        await acquirer.leaves()
        await home.end(router)
        found.events = home.transaction_events()
        await home.start_hsm()  # it unwraps the journal's key
        found.records = await home.records()
    return found


async def wired(home: House, stack: AsyncExitStack) -> Wires:
    """The configuration leads through the recorders now."""
    hsm, atlas = str(home.hsm), home.settings.issuers[0]
    wires = Wires(
        await stack.enter_async_context(recorder(hsm)),
        await stack.enter_async_context(recorder(hsm)),
        [await stack.enter_async_context(recorder(str(line))) for line in atlas.lines])
    home.route_through("router.toml", hsm, wires.hsm)
    home.route_through("hosts/atlas.toml", hsm, wires.bank_hsm)
    for line, wire in zip(atlas.lines, wires.lines, strict=True):
        home.route_through("issuers.toml", str(line), wire)
    return wires


async def purchase(frames: dict[str, bytes], acquirer: Acquirer, wires: Wires) -> None:
    """And its repeat."""
    frames["arrives"] = framed("0100", PURCHASE)
    frames["answer"] = await acquirer.asks(frames["arrives"])
    frames["translate"] = only(wires.hsm.asked, b"CC")
    frames["translated"] = only(wires.hsm.answered, b"CD")
    frames["outbound"] = only(asked(wires), b"0100")
    frames["issuer_answer"] = only(answered(wires), b"0110")
    frames["verify"] = only(wires.bank_hsm.asked, b"EC")
    frames["verified"] = only(wires.bank_hsm.answered, b"ED")
    frames["repeat"] = framed("0101", PURCHASE)
    frames["repeat_answer"] = await acquirer.asks(frames["repeat"])
    only(asked(wires), b"0100")  # nobody asked the issuer again


async def silence(frames: dict[str, bytes], acquirer: Acquirer, wires: Wires) -> None:
    """An amount that atlas decides about and does not answer: hosts/atlas.toml."""
    frames["silent"] = framed("0100", UNANSWERED)
    frames["silent_answer"] = await acquirer.asks(frames["silent"])
    await until(lambda: any(is_one(frame, b"0430") for frame in answered(wires)), "the 0430")
    first = frames["outbound"]
    frames["silent_outbound"] = only([one for one in asked(wires) if one != first], b"0100")
    frames["reversal"] = only(asked(wires), b"0420")
    frames["reversal_answer"] = only(answered(wires), b"0430")


def asked(wires: Wires) -> list[bytes]:
    return [frame for line in wires.lines for frame in line.asked]


def answered(wires: Wires) -> list[bytes]:
    return [frame for line in wires.lines for frame in line.answered]


def is_one(frame: bytes, kind: bytes) -> bool:
    """An MTI stands first; a host command behind its four characters of header."""
    start = LENGTH_BYTES + (4 if len(kind) == 2 else 0)
    return frame[start:].startswith(kind)


def only(frames: list[bytes], kind: bytes) -> bytes:
    """The one of this MTI or command."""
    (frame,) = [frame for frame in frames if is_one(frame, kind)]
    return frame


def main() -> None:
    """Print what was captured."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(captured(Path(folder)))
    said = [as_block(name, found.frames[name]) for name in FRAMES]
    said += [json.dumps([type(one).__name__, msgspec.to_builtins(one)]) for one in found.records]
    said += [json.dumps(event) for event in found.events]
    sys.stdout.write("\n".join([*said, ""]))


if __name__ == "__main__":
    main()
