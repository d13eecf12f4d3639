"""Session keys of an issuer that several workers have lines to: one exchanges, all use it."""
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hsm_emulator.cryptograms import kcv
from issuers.pvv import pin_block
from tests.links.test_session_keys import new_key, use_keys, with_pin
from tests.net.acquirer_peer import CARD, acquirer_peer
from tests.net.house import empty_house
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.net.peer import framed, written
from tests.net.session_keys import FIRST, PIN, SECOND, RealHsm, delivered
from tests.workers.crew import Crew

NAMES = ("medina", "corniche")


@asynccontextmanager
async def crew_with_keys(folder: Path) -> AsyncIterator[tuple[Crew, IssuerPeer]]:
    """Two workers; the router delivers keys to atlas."""
    hsm = RealHsm(free_export=True)
    await hsm.start()
    async with issuer_peer() as issuer, empty_house(folder, hsm, as_process=True) as house:
        router = Crew(house, issuer)
        router.configure(2)
        use_keys(house, "issuer", "deliver")
        await router.start()
        yield router, issuer
    await hsm.stop()


async def blocks(router: Crew, issuer: IssuerPeer) -> list[str]:
    """The PIN block that atlas gets through each worker."""
    found = []
    for name in NAMES:
        async with acquirer_peer(router.acquirers[name]) as acquirer:
            assert (await acquirer.asks(with_pin(FIRST)))["39"] == "00"
        found.append(issuer.of("0100")[-1]["52"])
    return found


async def test_a_key_that_one_worker_delivered_all_workers_use(tmp_path: Path) -> None:
    """And the one that takes a dead worker's place."""
    async with crew_with_keys(tmp_path) as (router, issuer):
        assert await blocks(router, issuer) == [pin_block(FIRST, CARD, PIN)] * 2
        assert (await router.house.page("/keys/exchange?peer=atlas", "POST"))[0] == 202
        await router.house.logged("session_key_changed", 2)  # one delivered it, one read it
        offers = [one for one in issuer.of("0800") if one["70"] == "162"]
        assert len(offers) == 1
        second = delivered(offers[0]["48"])
        assert await blocks(router, issuer) == [pin_block(second, CARD, PIN)] * 2
        await router.kill("corniche")
        assert await blocks(router, issuer) == [pin_block(second, CARD, PIN)] * 2
        status = await router.is_ready()
        assert [one["kcvs"] for one in status["session_keys"]] == [[kcv(second)]]


async def test_a_key_that_an_issuer_delivers_to_one_worker_all_workers_use(
        tmp_path: Path) -> None:
    """On whatever line it chooses."""
    async with crew_with_keys(tmp_path) as (router, issuer):
        offer = new_key(SECOND)
        elements = {number: value for number, value in offer.items() if number != "t"}
        issuer.send(framed(written(offer["t"], elements)))
        await router.house.logged("session_key_changed", 2)
        assert await blocks(router, issuer) == [pin_block(SECOND, CARD, PIN)] * 2
