"""Another number of workers at the next start: nothing that was known or open is forgotten."""
from pathlib import Path

import pytest

from specs.journal_segments import worker_folders
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.workers.crew import crew

NAMES = ("medina", "corniche", "rif")


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1), (3, 2, 3), (2, 1, 2, 1)])
async def test_known_answers_are_found_by_whoever_has_the_acquirer_now(
        tmp_path: Path, numbers: tuple[int, ...]) -> None:
    """Over every change: repeats hear what their originals heard."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(
            tmp_path, hsm, issuer, numbers[0], others=2) as router:
        requests = {name: purchase() for name in NAMES}
        for name in NAMES:
            async with acquirer_peer(router.acquirers[name]) as acquirer:
                assert (await acquirer.asks(requests[name]))["39"] == "00"
        for workers in numbers[1:]:
            assert await router.house.stop() == 0
            router.configure(workers, others=2)
            await router.start()
            for name in NAMES:
                async with acquirer_peer(router.acquirers[name]) as acquirer:
                    again = await acquirer.asks({**requests[name], "t": "0101"})
                assert (again["39"], again["38"]) == ("00", "ABC123")
        assert len(issuer.of("0100", "0101")) == len(NAMES)
        assert not issuer.of("0420", "0421")
        given = [one["11"] for one in issuer.of("0100")]
        async with acquirer_peer(router.acquirers["rif"]) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "00"
        assert issuer.of("0100")[-1]["11"] not in given


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1), (2, 3)])
async def test_what_was_open_at_a_kill_is_reversed_once_by_its_new_worker(
        tmp_path: Path, numbers: tuple[int, int]) -> None:
    """In flight with one, stored with the other: one reversal for each, and no more."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(
            tmp_path, hsm, issuer, numbers[0], others=2) as router:
        issuer.silent_to.update(("0100", "0420", "0421"))
        async with acquirer_peer(router.acquirers["medina"]) as stored, \
                acquirer_peer(router.acquirers["corniche"]) as in_flight:
            assert (await stored.asks(purchase()))["39"] == "91"
            entry = await issuer.hears("0420")
            in_flight.send(purchase())
            await issuer.hears("0100", 2)
            await router.house.kill()
        issuer.silent_to.clear()
        heard = len(issuer.of("0421"))
        router.configure(numbers[1], others=2)
        await router.start()
        await issuer.hears("0421", heard + 1)
        reversed_now = await issuer.hears("0420", 2)
        assert issuer.of("0421")[-1]["11"] == entry["11"]
        assert reversed_now["90"][4:10] == issuer.of("0100")[1]["11"]
        assert {one["90"] for one in issuer.of("0420", "0421")} == {entry["90"], reversed_now["90"]}
        status = await router.is_ready()
        assert status["saf_parked"] == 0


async def test_former_journals_stay_and_are_not_written_any_more(tmp_path: Path) -> None:
    """Every change of the number begins new ones; what they hold can still be looked into."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, crew(tmp_path, hsm, issuer) as router:
        await router.house.stop()
        router.configure(3)
        await router.start()
        status = await router.look()
        assert [one["journal"] for one in status["workers"]] == ["2", "3", "4"]
        names = [one.name for one in worker_folders(router.house.state / "router")]
        assert names == [f"worker-{number}" for number in range(5)]
