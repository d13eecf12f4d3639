"""The stand-in of a real router: what a kill -9 leaves, what a reload and an operator change."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Final

from tests.net.acquirer_peer import CARD, acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer

STAND_IN: Final = """
[[stand_in]]
issuer = "atlas"
currency = "504"
requests_min = 1000
negative_file = "lost.csv"
[[limit]]
issuer = "atlas"
amount_max_minor = 10_000
count_max = {count_max}
total_max_minor = 1_000_000
"""


def lends(router: House, count_max: int, lost: str = "") -> None:
    """What atlas lends from the next start, or reload, on."""
    (router.config / "stand_in.toml").write_text(STAND_IN.format(count_max=count_max))
    (router.config / "lost.csv").write_text("pan,action\n" + lost)


async def buys(router: House) -> str:
    """The code of a purchase."""
    async with acquirer_peer(router.acquirer) as acquirer:
        return (await acquirer.asks(purchase()))["39"]


async def commanded(router: House, path: str) -> Any:
    def post() -> Any:
        request = urllib.request.Request(f"http://{router.http}{path}", method="POST")
        with urllib.request.urlopen(request, timeout=10) as page:  # noqa: S310 - our own router
            return json.load(page)

    return await asyncio.to_thread(post)


async def test_counters_and_an_operators_word_survive_a_kill(tmp_path: Path) -> None:
    """Two approvals allowed: one before the kill, one after it, then 65; off stays off."""
    async with (
        hsm_peer() as hsm,
        issuer_peer() as issuer,
        house(tmp_path, hsm, issuer, as_process=True) as router,
    ):
        await router.stop()
        lends(router, count_max=2)
        issuer.silent_to.add("0100")
        await router.start()
        assert await buys(router) == "00"
        advice = await issuer.hears("0120")
        assert (advice["39"], advice["60"]) == ("00", "1002")
        assert len(issuer.of("0420")) == 1
        await router.kill()

        await router.start()
        assert await buys(router) == "00"
        assert await buys(router) == "65"
        await commanded(router, "/stand-in?issuer=atlas&mode=off")
        await router.kill()
        await router.start()
        assert await buys(router) == "91"
        assert (await router.page("/status"))[1]["stand_in"][0]["mode"] == "off"
        assert CARD not in router.log_path.read_text()


async def test_a_stop_takes_nothing_over(tmp_path: Path) -> None:
    """Its lines fall because it signs off; one that falls by itself is told with an alarm."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        lends(router, count_max=9)
        router.reload()
        await router.logged("reload")
        await router.stop()
        assert router.events("stand_in_state") == []
        await router.start()
        await issuer.stop()
        moved = await router.logged("stand_in_state")
        assert (moved["reason"], moved["alarm"]) == ("lines", True)
        assert await buys(router) == "00"


async def test_a_reload_changes_limits_and_list(tmp_path: Path) -> None:
    """And takes the stand-in away where the file is gone."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.silent_to.add("0100")
        assert await buys(router) == "91"
        for number, (lost, code) in enumerate([("", "00"), (f"{CARD},43\n", "43")], start=1):
            lends(router, count_max=9, lost=lost)
            router.reload()
            assert (await router.logged("reload", number))["outcome"] == "reloaded"
            assert await buys(router) == code
        (router.config / "stand_in.toml").unlink()
        router.reload()
        await router.logged("reload", 3)
        assert await buys(router) == "91"


async def test_the_command_line_says_it_to_a_running_router(tmp_path: Path) -> None:
    """0: in force; 2: nobody lends anything under that name."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        lends(router, count_max=9)
        router.reload()
        await router.logged("reload")

        async def said(*words: str) -> tuple[int, str]:
            command = [sys.executable, "-m", "noyau", "stand-in", *words, "--at", router.http]
            done = await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, timeout=30
            )  # fmt: skip
            return done.returncode, done.stdout + done.stderr

        code, words = await said("on", "atlas", "--who", "A. Alaoui")
        assert (code, "by hand" in words) == (0, True)
        assert await buys(router) == "00"
        assert not issuer.of("0100")
        moved = await router.logged("stand_in_state")
        assert (moved["issuer"], moved["mode"], moved["reason"]) == ("atlas", "on", "by hand")
        code, words = await said("status")
        assert (code, "atlas" in words, "by hand" in words) == (0, True, True)
        code, words = await said("status", "meridian")
        assert (code, "meridian lends nothing: stand_in.toml names atlas" in words) == (2, True)
        code, words = await said("auto", "atlas", "--json")
        assert json.loads(words)["stand_in"]["reason"] == ""
