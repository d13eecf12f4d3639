"""Two workers, as processes: one router to its operator, each acquirer with a worker of its own."""
import asyncio
import os
import signal
import sys
from pathlib import Path

from router.switching.stans import STAN_MAX
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.workers.crew import crew, gone, is_running


async def test_each_acquirer_has_a_worker_and_each_worker_numbers_of_its_own(
        tmp_path: Path) -> None:
    """The issuer sees one space of numbers, and a line from each worker."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        for name in ("medina", "corniche"):
            async with acquirer_peer(router.acquirers[name]) as acquirer:
                assert (await acquirer.asks(purchase()))["39"] == "00"
        parts = {(int(one["11"]) - 1) // (STAN_MAX // 2) for one in issuer.of("0100")}
        assert parts == {0, 1}
        status = await router.look()
        assert status["ready"]
        assert [one["acquirers"] for one in status["workers"]] == [1, 1]
        assert sorted(one["line"] for one in status["lines"]) == ["atlas-w0-1", "atlas-w1-1"]
        assert {router.worker_of("medina"), router.worker_of("corniche")} == {0, 1}


async def test_a_repeat_on_another_connection_meets_its_original(tmp_path: Path) -> None:
    """All connections of one acquirer are one worker's."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        request = purchase()
        async with acquirer_peer(router.acquirers["corniche"]) as one, \
                acquirer_peer(router.acquirers["corniche"]) as other:
            assert (await one.asks(request))["39"] == "00"
            assert (await other.asks({**request, "t": "0101"}))["38"] == "ABC123"
        assert len(issuer.of("0100", "0101")) == 1


async def test_what_was_in_flight_in_a_killed_worker_is_reversed_by_the_next(
        tmp_path: Path) -> None:
    """The other worker's connections do not notice; the issuer hears one reversal."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        async with acquirer_peer(router.acquirers["medina"]) as stays, \
                acquirer_peer(router.acquirers["corniche"]) as loses:
            known = purchase()
            assert (await loses.asks(known))["39"] == "00"
            issuer.silent_to.add("0100")
            loses.send(purchase())
            sent = await issuer.hears("0100", 2)
            issuer.silent_to.clear()
            await router.kill("corniche")
            reversal = await issuer.hears("0420")
            assert reversal["90"][:10] == "0100" + sent["11"]
            assert (await stays.asks(purchase()))["39"] == "00"
        async with acquirer_peer(router.acquirers["corniche"]) as back:
            assert (await back.asks({**known, "t": "0101"}))["38"] == "ABC123"
            assert (await back.asks(purchase()))["39"] == "00"
        await router.is_ready()
        assert len(issuer.of("0420", "0421")) == 1
        assert (await router.house.logged("worker_ended"))["why"] == "signal 9"


async def test_a_connection_made_while_a_worker_is_replaced_waits_and_is_served(
        tmp_path: Path) -> None:
    """The port is the supervisor's: nobody is refused."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        process = await router.kill("medina")
        await gone([process])
        async with acquirer_peer(router.acquirers["medina"]) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_reload_changes_all_workers_and_nothing_that_is_connected(tmp_path: Path) -> None:
    """New acquirers go where the fewest are; a mistake changes nothing."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirers["medina"]) as stays:
        assert (await stays.asks(purchase()))["39"] == "00"
        router.configure(2, others=3)
        code, answer = await router.house.page("/reload", "POST")
        assert (code, answer["outcome"]) == (200, "reloaded")
        await router.is_ready()
        for name in ("rif", "souss"):
            async with acquirer_peer(router.acquirers[name]) as acquirer:
                assert (await acquirer.asks(purchase()))["39"] == "00"
        assert router.worker_of("rif") != router.worker_of("souss")
        assert (await stays.asks(purchase()))["39"] == "00"
        (router.house.config / "bins.csv").write_text("nonsense\n")
        code, answer = await router.house.page("/reload", "POST")
        assert (code, answer["outcome"]) == (409, "refused")
        await router.kill("medina")  # its successor runs on what is in force
        async with acquirer_peer(router.acquirers["medina"]) as back:
            assert (await back.asks(purchase()))["39"] == "00"


async def test_an_acquirer_that_a_reload_removes_is_refused(tmp_path: Path) -> None:
    """Its port is closed, in the supervisor too."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        address = router.acquirers["corniche"]
        router.configure(2, others=0)
        router.house.reload()
        await router.house.logged("reload")
        host, _, port = address.rpartition(":")
        refused = False
        async with asyncio.timeout(8):
            while not refused:
                try:
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                except ConnectionRefusedError:
                    refused = True


async def test_a_drain_answers_what_is_in_flight_in_every_worker(tmp_path: Path) -> None:
    """Exit code 0, and no process is left."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        processes = await router.processes()
        async with acquirer_peer(router.acquirers["medina"]) as one, \
                acquirer_peer(router.acquirers["corniche"]) as other:
            one.send(purchase())
            other.send(purchase())
            await issuer.hears("0100", 2)
            stopping = asyncio.create_task(router.house.stop())
            assert (await one.hears())["39"] == "00"
            assert (await other.hears())["39"] == "00"
            assert await stopping == 0
        assert not any(map(is_running, processes))


async def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    """They drain: no orphan goes on with a port that nobody watches."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        processes = await router.processes()
        await router.house.kill()
        await gone(processes)


async def test_a_start_waits_for_the_workers_of_a_killed_supervisor(tmp_path: Path) -> None:
    """They drain, and hold journals and ports until they have."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        process = await router.kill("medina", signal.SIGSTOP)
        await router.house.kill()
        starting = asyncio.create_task(router.start())
        await router.house.logged("waits_for_former_workers")
        assert is_running(process)
        os.kill(process, signal.SIGCONT)
        await starting
        async with acquirer_peer(router.acquirers["medina"]) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_worker_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    """Its process is there and does nothing: worse for its acquirers than none."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        process = await router.kill("medina", signal.SIGSTOP)
        ended = await router.house.logged("worker_ended", within_s=20)
        assert "did not answer" in ended["why"]
        assert not is_running(process)
        async with acquirer_peer(router.acquirers["medina"]) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_worker_that_is_told_to_end_drains_and_is_replaced(tmp_path: Path) -> None:
    """SIGTERM to one of them: how a worker is renewed without a restart of the router."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        async with acquirer_peer(router.acquirers["medina"]) as acquirer:
            acquirer.send(purchase())
            await issuer.hears("0100")
            await router.kill("medina", signal.SIGTERM)
            assert (await acquirer.hears())["39"] == "00"
        async with acquirer_peer(router.acquirers["medina"]) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "00"
        assert not issuer.of("0420", "0421")


async def test_what_two_workers_stored_is_shown_and_settled_as_one(tmp_path: Path) -> None:
    """Each delivers its own; an operator sees one list."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        issuer.silent_to.update(("0100", "0420", "0421"))
        for name in ("medina", "corniche"):
            async with acquirer_peer(router.acquirers[name]) as acquirer:
                assert (await acquirer.asks(purchase()))["39"] == "91"
        _, listed = await router.house.page("/saf/list", "POST")
        assert (listed["open"], len(listed["entries"])) == (2, 2)
        assert (await router.look())["saf_open"] == 2
        issuer.silent_to.clear()
        await router.has(lambda status: not status["saf_open"])
        assert len({one["90"] for one in issuer.of("0420", "0421")}) == 2


async def test_a_port_that_is_taken_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    """As with one worker: the supervisor takes the ports."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        again = router.house
        with (again.config / "acquirers.toml").open() as file:
            text = file.read()
        taken = router.acquirers["medina"]
        (again.config / "acquirers.toml").write_text(
            text.replace('"127.0.0.1:0"', f'"{taken}"', 1))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "noyau", "router", "--config", str(again.config), "--state",
            str(tmp_path / "other"), stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        assert process.returncode == 2
        assert b"another program holds port" in said
