"""The follower's events: in order, and none is lost, whichever of the two processes is killed."""
import os
import signal
from pathlib import Path
from typing import Any

from noyau.operate import status_lines
from router.net.waiting import until
from tests.journal.test_commands import Place, is_running
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer

FOLLOWED = "[journal]\nfollow = true\n"


async def buys(router: House, times: int) -> list[str]:
    """Approved, one after the other; their RRNs."""
    bought = []
    async with acquirer_peer(router.acquirer) as acquirer:
        for _ in range(times):
            asked = purchase()
            assert (await acquirer.asks(asked))["39"] == "00"
            bought.append(asked["37"])
    return bought


async def gone(process: int) -> None:
    assert await until(lambda: not is_running(process), 10.0)


def each_by_its_id(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Told again it is the same."""
    by_id: dict[str, dict[str, Any]] = {}
    for event in events:
        assert by_id.setdefault(event["id"], event) == event
    return list(by_id.values())


async def test_whoever_is_killed_each_answer_is_told_in_order(tmp_path: Path) -> None:
    """The follower, the router, both, at any moment; at the end a drain waits for the last."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True, router=FOLLOWED) as router:
        bought: list[str] = []
        for run, killed in enumerate(("follower", "router", "both", "nobody"), start=1):
            started = await router.logged("follower_started", run)
            bought += await buys(router, 3)
            if run % 2:
                await router.logged("transaction", len(bought))
                bought += await buys(router, 3)
            if killed in ("follower", "both"):
                os.kill(started["process"], signal.SIGKILL)
            if killed in ("router", "both"):
                await router.kill()
            else:
                assert await router.stop() == 0
            await gone(started["process"])
            if killed != "nobody":
                await router.start()
        told = each_by_its_id(router.events("transaction"))
        assert [event["rrn"] for event in told] == bought


async def test_a_drain_ends_when_the_last_answer_is_told(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True, router=FOLLOWED) as router:
        await router.logged("follower_started")
        (first,) = await buys(router, 1)
        await router.logged("transaction")
        last = await buys(router, 2)
        assert await router.stop() == 0
        assert [one["rrn"] for one in router.events("transaction")] == [first, *last]


async def test_how_far_it_is_behind_is_shown(tmp_path: Path) -> None:
    """While it is stopped rows come that it has not read."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True, router=FOLLOWED) as router:
        started = await router.logged("follower_started")
        await buys(router, 1)
        await router.logged("transaction")
        os.kill(started["process"], signal.SIGSTOP)
        await buys(router, 2)
        _, status = await router.page("/status")
        assert status["follower_rows_behind"] >= 2
        assert any("rows behind" in line for line in status_lines(status))
        os.kill(started["process"], signal.SIGCONT)
        await router.logged("transaction", 3)


async def test_a_second_follower_is_turned_away(tmp_path: Path) -> None:
    """Two would tell each answer twice."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True, router=FOLLOWED) as router:
        await router.logged("follower_started")
        await buys(router, 1)
        await router.logged("transaction")
        said = await Place(router, hsm, issuer).journal("follow", "--once")
        assert said.code == 2
        assert "another follower" in said.err


async def test_without_a_follower_nobody_is_behind(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True, router=FOLLOWED.replace("true", "false")
            ) as router:
        await buys(router, 1)
        _, status = await router.page("/status")
        assert status["follower_rows_behind"] is None
        assert "id" not in await router.logged("transaction")
