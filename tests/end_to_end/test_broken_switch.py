"""The comparison is no decoration: a switch that breaks a promise is found out.

Real programs; between acquirer and router sits a proxy that does what a broken router would.
"""
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import iso8583
import pytest
from iso8583.specs import default_ascii

from noyau.demo.comparison import compared
from noyau.demo.day import Wish
from noyau.demo.ledgers import Ledgers
from noyau.demo.race import first_of
from noyau.demo.settings import DemoSettings, demo_settings
from noyau.demo.traffic import Traffic
from router.net.addresses import Address
from router.net.configuration import load_settings
from router.net.settings import Settings
from tests.end_to_end.moved import moved
from tests.end_to_end.platform import up

Message = dict[str, str]
Sabotage = Callable[[Message], Message | None]  # of an answer; None: it is lost
LIMIT_S: Final = 15.0


@dataclass(frozen=True)
class Running:
    """A platform without traffic of its own."""

    settings: Settings
    demo: DemoSettings
    state: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("broken")
    config, state = moved(folder / "config"), folder / "state"
    with up(config, folder / "log", "--no-traffic", "--state", str(state)) as demo:
        demo.wait_for("no traffic of its own")
        both = demo_settings(config)
        only = demo_settings(config).links[0]
        assert only.acquirer == both.strangers_acquirer
        one_link = type(both)(
            strangers_acquirer=both.strangers_acquirer, traffic=both.traffic, router=both.router,
            links=[only], issuers=both.issuers, merchants=both.merchants)
        yield Running(load_settings(config), one_link, state)


@contextlib.asynccontextmanager
async def broken(settings: Settings, sabotage: Sabotage) -> AsyncIterator[Settings]:
    """The same settings, with the proxy's address in place of the router's."""
    router = settings.acquirers[0].listen
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        carrying.add(task)
        from_router, to_router = await asyncio.open_connection(router.host, router.port)
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            await first_of(copied(reader, to_router), spoilt(from_router, writer, sabotage))
        for end in (writer, to_router):
            end.close()
        carrying.discard(task)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    first, *others = settings.acquirers
    try:
        # Nothing here is slow, so the acquirer need not wait long for what is lost.
        instead = replace(first, listen=Address("127.0.0.1", port), answer_within_s=1.0)
        yield replace(settings, acquirers=(instead, *others))
    finally:
        server.close()
        await asyncio.gather(*carrying, return_exceptions=True)


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while received := await reader.read(65536):
        writer.write(received)


async def spoilt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                 sabotage: Sabotage) -> None:
    while True:
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer, _ = iso8583.decode(await reader.readexactly(length), default_ascii)
        told = sabotage(dict(answer))
        if told is not None:
            encoded, _ = iso8583.encode(told, default_ascii)
            writer.write(len(encoded).to_bytes(2, "big") + encoded)


def first_approval(change: Callable[[Message], Message | None]) -> Sabotage:
    """Spoils one approved purchase, lets everything else pass."""
    done = False

    def sabotage(answer: Message) -> Message | None:
        nonlocal done
        if done or answer["t"] != "0110" or answer.get("39") != "00":
            return answer
        done = True
        return change(answer)

    return sabotage


def approve_everything(answer: Message) -> Message:
    return answer | {"39": "00"} if answer["t"] == "0110" else answer


async def violations(
    running: Running, sabotage: Sabotage, *, taken_back: bool = False
) -> list[str]:
    """Of twenty purchases: ten good ones, ten with a card that has no money."""
    async with broken(running.settings, sabotage) as settings:
        traffic = Traffic(settings, running.demo, seed=1, rate=200)
        wishes = purchases(traffic, taken_back)

        async def trade() -> None:
            await traffic.acquirer.ready()
            await traffic.acquirer.trade(wishes)
            await traffic.acquirer.settle(asyncio.get_running_loop().time() + LIMIT_S)

        await first_of(trade(), traffic.acquirer.keep_links())
        traffic.acquirer.sign_off()
        ledgers = Ledgers(running.state, traffic.regions, traffic.book.tag)
        return compared(traffic.book, ledgers.postings(), traffic.regions).violations


def purchases(traffic: Traffic, taken_back: bool) -> Iterator[Wish]:
    """In shops, by chip, PIN right."""
    day = traffic.day.wishes()
    wanted = {"00": 10, "51": 10}
    while any(wanted.values()):
        wish = next(day)
        if wish.entry == "chip" and wish.pin_is == "right" and wanted.get(wish.card.expect) and (
                wish.processing_code == "000000"):
            wanted[wish.card.expect] -= 1
            yield replace(wish, after_s=0.005, is_taken_back=taken_back)


async def test_a_switch_that_keeps_its_promises_breaks_none(running: Running) -> None:
    """The proxy alone changes nothing."""
    assert await violations(running, lambda answer: answer) == []


async def test_a_lost_approval_is_found(running: Running) -> None:
    """The acquirer reverses what it did not hear, so no hold stays; but it heard nothing."""
    found = await violations(running, first_approval(lambda answer: None))
    assert len(found) == 1
    assert "promise 1: no answer in time" in found[0]


async def test_an_approval_that_became_a_decline_is_found(running: Running) -> None:
    found = await violations(running, first_approval(lambda answer: answer | {"39": "05"}))
    assert len(found) == 2
    assert "stands, but 05 was heard" in found[0]
    assert "heard 05, the issuer had said 00" in found[1]


async def test_approvals_that_no_issuer_gave_are_found(running: Running) -> None:
    found = await violations(running, approve_everything)
    assert len(found) == 10
    assert all("approved, but no issuer approved it" in one for one in found)


async def test_an_approval_delivered_twice_is_found(running: Running) -> None:
    """As if its STAN had been mixed up with another request's."""
    seen: list[Message] = []

    def sabotage(answer: Message) -> Message:
        if answer["t"] == "0110":
            seen.append(answer)
        return seen[0] if answer["t"] == "0110" and len(seen) == 2 else answer

    found = await violations(running, sabotage)
    assert any("answered twice" in one for one in found)
    assert any("no answer in time" in one for one in found)
