"""A real router, with a real broker: everything that is seen of it while purchases pass."""

import asyncio
import json
import signal
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.net.acquirer_peer import CARD, acquirer_peer, purchase
from tests.net.house import House, empty_house
from tests.net.hsm_peer import PIN_BLOCK, TRANSLATED, hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.outside.broker import broker, free_port, listening, say, until, until_open

MASKED = "950401******0001"
OTHER_CARD = "9504020000000000"  # 950402 is routed only after a reload
STATE = "noyau/router/state"
OUTCOME = "noyau/router/reload/outcome"


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[tuple[House, IssuerPeer]]:
    """A router whose broker is at this port."""
    async with (
        hsm_peer() as hsm,
        issuer_peer() as issuer,
        empty_house(folder, hsm, as_process=True) as router,
    ):
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        with (router.config / "router.toml").open("a") as file:
            file.write(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntransactions = true\n')
        await router.start()
        yield router, issuer


async def scraped(router: House) -> str:
    """Its metrics."""

    def read() -> str:
        with urllib.request.urlopen(f"http://{router.http}/metrics", timeout=5) as page:
            return str(page.read().decode())

    return await asyncio.to_thread(read)


async def test_a_purchase_is_seen_everywhere_and_its_card_nowhere(tmp_path: Path) -> None:
    """One event in the log, one count, one message; the PAN masked or absent, the PIN absent."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with (
            listening(port) as ear,
            running(tmp_path, port) as (router, _),
            acquirer_peer(router.acquirer) as acquirer,
        ):
            request = purchase(e52=PIN_BLOCK, e35=f"{CARD}=29122010000012345")
            assert (await acquirer.asks(request))["39"] == "00"
            logged = await router.logged("transaction")
            assert (logged["pan_masked"], logged["response_code"]) == (MASKED, "00")
            assert (logged["decided_by"], logged["amount_minor"]) == ("issuer", 10_000)
            assert min(logged["hsm_us"], logged["issuer_us"], logged["total_us"]) > 0
            assert len(router.events("transaction")) == 1
            await until(lambda: ear.jsons("noyau/router/transaction") != [])
            assert ear.jsons("noyau/router/transaction")[0]["stan"] == request["11"]
            metrics = await scraped(router)
            counted = [one for one in metrics.splitlines() if one.startswith("noyau_transactions_")]
            assert len(counted) == 1
            assert counted[0].endswith(" 1.0")
            assert (await router.page("/readyz"))[0] == 200
            everything = router.log_path.read_text() + metrics + str(ear.heard)
            for secret in (CARD, PIN_BLOCK, TRANSLATED, "29122010000012345"):
                assert secret not in everything


async def test_lines_and_life_of_a_router_are_retained(tmp_path: Path) -> None:
    """A line that falls is told at once; so is the end, orderly or not."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with listening(port) as ear, running(tmp_path, port) as (router, issuer):
            (line,) = (await router.page("/status"))[1]["lines"]
            topic = f"noyau/router/line/atlas/{line['line']}"

            def state() -> Any:
                return json.loads(ear.last(topic) or b"{}").get("state")

            await until(lambda: state() == "signed_on")
            await issuer.stop()
            await until(lambda: state() == "down")
            assert (await router.page("/readyz"))[1]["reasons"] == [
                "issuer atlas: no line is signed on"
            ]
            await issuer.start()
            await until(lambda: state() == "signed_on")
            router.signal(signal.SIGKILL)
            await until(lambda: ear.last(STATE) == b"down")
            await router.ended()
            await router.start()
            await until(lambda: ear.last(STATE) == b"up")
            assert await router.stop() == 0
            await until(lambda: ear.last(STATE) == b"stopped")


async def test_a_reload_through_the_broker_is_all_or_nothing(tmp_path: Path) -> None:
    """A bad table changes nothing and says why; a good one routes the next purchase."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with (
            listening(port) as ear,
            running(tmp_path, port) as (router, _),
            acquirer_peer(router.acquirer) as acquirer,
        ):
            await until(lambda: ear.last(STATE) == b"up")
            assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "92"
            table = router.config / "bins.csv"
            good = table.read_text() + "950402,950402,atlas,0,domestic,,,,no\n"
            table.write_text(good + "960000,960000,nobody,0,domestic,,,,no\n")
            await say(port, "noyau/router/reload")
            await until(lambda: len(ear.jsons(OUTCOME)) == 1)
            refused = ear.jsons(OUTCOME)[0]
            assert refused["outcome"] == "refused"
            assert refused["mistakes"] == [
                'bins.csv: line 4: issuer: no issuer is named "nobody"; the issuers here are atlas'
            ]
            assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "92"
            table.write_text(good)
            await say(port, "noyau/router/reload")
            await until(lambda: len(ear.jsons(OUTCOME)) == 2)
            assert ear.jsons(OUTCOME)[1]["changes"] == ["bins: 1 added (atlas)"]
            assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "00"


async def test_a_broker_that_is_away_changes_nothing_for_purchases(tmp_path: Path) -> None:
    """It is not there, comes, and goes again; nobody who buys something notices."""
    port = free_port()
    async with (
        running(tmp_path, port) as (router, _),
        acquirer_peer(router.acquirer) as acquirer,
    ):
        await router.logged("mqtt_down")
        await purchases_pass(acquirer)
        with broker(tmp_path, port):
            await router.logged("mqtt_up")
            await purchases_pass(acquirer)
        await router.logged("mqtt_down", number=2)
        await purchases_pass(acquirer)
        assert (await router.page("/readyz"))[0] == 200


async def purchases_pass(acquirer: Any) -> None:
    """Twenty in a row."""
    for _ in range(20):
        assert (await acquirer.asks(purchase()))["39"] == "00"
