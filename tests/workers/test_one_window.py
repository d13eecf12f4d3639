"""An operator's view of several workers: one router."""
import asyncio
import fcntl
import urllib.request
from pathlib import Path

from noyau.operate import status_lines
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.workers.crew import Crew, crew

PARKED_SOON = "saf_age_s_max = 1.0"
STAND_IN = """
[[stand_in]]
issuer = "atlas"
currency = "504"
[[limit]]
issuer = "atlas"
amount_max_minor = 50000
count_max = 4
total_max_minor = 100000
"""


def text_of(url: str) -> str:
    """A page that is no JSON."""
    with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - our own router
        found: str = page.read().decode()
    return found


async def buys(router: Crew, name: str) -> str:
    """The code of a purchase through this acquirer."""
    async with acquirer_peer(router.acquirers[name]) as acquirer:
        return (await acquirer.asks(purchase()))["39"]


async def test_metrics_say_whose_they_are_and_each_family_comes_once(tmp_path: Path) -> None:
    """Added up by whoever reads them: counters of a worker begin anew with its process."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        for name in ("medina", "corniche"):
            assert await buys(router, name) == "00"
        page = await asyncio.to_thread(text_of, f"http://{router.house.http}/metrics")
        lines = page.splitlines()
        counted = [line for line in lines if line.startswith("noyau_transactions_total{")]
        assert len(counted) == 2
        assert {'worker="0"' in line for line in counted} == {True, False}
        assert 'noyau_worker_up{worker="1"} 1.0' in page
        types = [line for line in lines if line.startswith("# TYPE")]
        assert len(types) == len(set(types))


async def test_the_status_shows_each_worker_and_names_the_one_that_is_missing(
        tmp_path: Path) -> None:
    """Not ready while one is replaced; its acquirers are shown as closed."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        await router.kill("corniche")
        number = router.worker_of("corniche")
        status = await router.has(lambda status: not status["ready"])
        assert any(one.startswith(f"worker {number}: ") for one in status["reasons"])
        status = await router.is_ready()
        assert status["workers"][number]["starts"] == 2
        shown = "\n".join(status_lines(status))
        assert f"{status['workers'][number]['process']}" in shown
        assert await buys(router, "corniche") == "00"


async def test_one_follower_tells_what_all_workers_answered(tmp_path: Path) -> None:
    """It is the supervisor's, and reads every journal."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(
            tmp_path, hsm, issuer, router="[journal]\nfollow = true") as router:
        for name in ("medina", "corniche"):
            assert await buys(router, name) == "00"
        await router.house.logged("transaction", 2, within_s=20)
        told = router.house.events("transaction")
        assert {one["acquirer"] for one in told} == {"medina", "corniche"}
        assert len(router.house.events("follower_started")) == 1
        await router.has(lambda status: status["follower_rows_behind"] == 0)


async def test_parked_entries_of_all_workers_are_settled_with_one_word(tmp_path: Path) -> None:
    """By their ids, whoever has them."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        issuers = router.house.config / "issuers.toml"
        issuers.write_text(issuers.read_text().replace(
            "saf_retry_s = 0.3", f"saf_retry_s = 0.3\n{PARKED_SOON}"))
        code, _ = await router.house.page("/reload", "POST")
        assert code == 200
        issuer.silent_to.update(("0100", "0420", "0421"))
        for name in ("medina", "corniche"):
            assert await buys(router, name) == "91"
        await router.has(lambda status: status["saf_parked"] == 2)
        _, listed = await router.house.page("/saf/list?parked=1", "POST")
        ids = ",".join(one["id"] for one in listed["entries"])
        code, done = await router.house.page(
            f"/saf/settle?who=amal&why=by+telephone&ids={ids},atlas/0420/000999/0101000000", "POST")
        assert code == 200
        assert sorted(done["done"]) == sorted(ids.split(","))
        assert done["not_parked"] == ["atlas/0420/000999/0101000000"]
        assert (await router.look())["saf_parked"] == 0


async def test_a_command_for_all_is_refused_while_a_worker_cannot_start(tmp_path: Path) -> None:
    """Somebody holds its journal. The others go on; when it is free the worker is there again."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        status = await router.look()
        journal = status["workers"][router.worker_of("medina")]["journal"]
        with (router.house.state / "router" / f"worker-{journal}" / "lock").open() as lock:
            await router.kill("medina")
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            alarm = await router.house.logged("worker_ended", 2)
            assert "uses it" in alarm["why"]
            code, answer = await router.house.page("/saf/retry?who=amal&all=1", "POST")
            assert code == 409
            assert "nothing was done" in answer["error"]
            assert await buys(router, "corniche") == "00"
            await router.house.logged("worker_ended", 4)  # it is waited for longer each time
        await router.is_ready()
        assert await buys(router, "medina") == "00"
        assert (await router.house.page("/saf/retry?who=amal&all=1", "POST"))[0] == 200


async def test_a_drain_does_not_wait_for_a_worker_that_cannot_start(tmp_path: Path) -> None:
    """Between two tries there is nobody to wait for."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        journal = (await router.look())["workers"][router.worker_of("medina")]["journal"]
        with (router.house.state / "router" / f"worker-{journal}" / "lock").open() as lock:
            await router.kill("medina")
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            await router.house.logged("worker_ended", 2)
            assert await router.house.stop() == 0
        assert not router.house.events("worker_killed")


async def test_an_issuer_is_stood_in_for_by_all_workers_within_what_it_lends(
        tmp_path: Path) -> None:
    """Four approvals of a card: two at each of two workers."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        (router.house.config / "stand_in.toml").write_text(STAND_IN)
        assert (await router.house.page("/reload", "POST"))[0] == 200
        code, answer = await router.house.page("/stand-in?issuer=atlas&mode=on&who=amal", "POST")
        assert (code, answer["stand_in"]["mode"], answer["durable"]) == (200, "on", True)
        codes = {
            name: [await buys(router, name) for _ in range(3)] for name in ("medina", "corniche")
        }
        assert all(heard[:2] == ["00", "00"] for heard in codes.values())
        assert all(heard[2] != "00" for heard in codes.values())
        status = await router.look()
        assert status["stand_in"][0]["approvals"] == 4
        assert not issuer.of("0100")
