"""kill -9 and what a restart makes of it; starts that cannot be."""
import os
import resource
import sqlite3
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import House, empty_house, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer


async def test_what_was_in_flight_at_a_kill_is_reversed_at_the_next_start(tmp_path: Path) -> None:
    """Under a number behind all that were given before; once is enough."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        issuer.silent_to.add("0100")
        async with acquirer_peer(router.acquirer) as acquirer:
            acquirer.send(purchase())
            sent = await issuer.hears("0100")
            await router.kill()
        await router.start()
        reversal = await issuer.hears("0420")
        assert reversal["90"][:10] == "0100" + sent["11"]
        assert int(reversal["11"]) > int(sent["11"])
        assert len(issuer.of("0420", "0421")) == 1


async def test_a_repeat_after_a_kill_hears_what_its_original_heard(tmp_path: Path) -> None:
    """The issuer hears nothing of it."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        request = purchase()
        async with acquirer_peer(router.acquirer) as acquirer:
            assert (await acquirer.asks(request))["39"] == "00"
        await router.kill()
        await router.start()
        async with acquirer_peer(router.acquirer) as acquirer:
            again = await acquirer.asks({**request, "t": "0101"})
        assert (again["t"], again["39"], again["38"]) == ("0110", "00", "ABC123")
        assert len(issuer.of("0100", "0101")) == 1
        assert not issuer.of("0420", "0421")


async def test_a_reversal_is_sent_again_until_it_is_acknowledged(tmp_path: Path) -> None:
    """Over a restart, too: 0420 first, 0421 ever after."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        issuer.silent_to.update(("0100", "0420", "0421"))
        async with acquirer_peer(router.acquirer) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "91"
        first = await issuer.hears("0420")
        await issuer.hears("0421")
        await router.kill()
        issuer.silent_to.clear()
        heard = len(issuer.of("0421"))
        await router.start()
        again = await issuer.hears("0421", heard + 1)
        assert again["11"] == first["11"]
        assert again["7"] == first["7"]
        assert len(issuer.of("0420")) == 1


async def test_what_is_stored_for_an_issuer_that_is_not_configured_any_more_alarms(
        tmp_path: Path) -> None:
    """It cannot be delivered, and is not forgotten: configured again, it is."""
    async with hsm_peer() as hsm, issuer_peer() as atlas, issuer_peer() as bahia, house(
            tmp_path, hsm, atlas) as router:
        atlas.silent_to.update(("0100", "0420", "0421"))
        async with acquirer_peer(router.acquirer) as acquirer:
            assert (await acquirer.asks(purchase()))["39"] == "91"
        first = await atlas.hears("0420")
        await router.stop()
        router.configure({"bahia": [bahia.address]}, {"950401": "bahia"})
        await router.start()
        alarm = await router.logged("stored_for_unknown_issuer")
        assert (alarm["issuer"], alarm["entries"]) == ("atlas", 1)
        await router.stop()
        atlas.silent_to.clear()
        heard = len(atlas.of("0421"))
        router.configure({"atlas": [atlas.address]}, {"950401": "atlas"})
        await router.start()
        assert (await atlas.hears("0421", heard + 1))["11"] == first["11"]


async def test_a_disk_that_refuses_means_declines_and_no_end(tmp_path: Path) -> None:
    """96 while no file may grow; nothing reaches the issuer; afterwards all is as before."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router, acquirer_peer(
            router.acquirer) as acquirer:
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert router.process is not None
        before = resource.prlimit(router.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(router.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        codes = [(await acquirer.asks(purchase()))["39"] for _ in range(3)]
        status, page = await router.page("/readyz")
        resource.prlimit(router.process.pid, resource.RLIMIT_FSIZE, before)
        assert codes == ["96"] * 3
        assert status == 503
        assert page["reasons"][0].startswith("journal: ")
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert len(issuer.of("0100")) == 2
        assert (await router.page("/readyz"))[0] == 200


async def refused(router: House, *words: str) -> None:
    """It does not start, and says all of this."""
    await router.launch()
    assert await router.ended() == 2
    said = router.log_path.read_text()
    for word in words:
        assert word in said


async def test_two_routers_never_run_on_one_state_folder(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, empty_house(
            tmp_path / "second", hsm, as_process=True) as second:
        second.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        second.state = router.state
        await refused(second, f"process {os.getpid()} uses it", "--state")


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, empty_house(
            tmp_path / "second", hsm, as_process=True) as second:
        second.configure({"atlas": [issuer.address]}, {"950401": "atlas"},
                         listen=f'"{router.acquirer}"')
        port = router.acquirer.rpartition(":")[2]
        await refused(second, 'acquirer "medina"', f"another program holds port {port}")


async def test_a_journal_that_was_touched_stops_the_start(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        async with acquirer_peer(router.acquirer) as acquirer:
            await acquirer.asks(purchase())
        await router.kill()
        database = sqlite3.connect(next((router.state / "router" / "worker-0").glob("*.sqlite")))
        database.execute("UPDATE groups SET sealed = zeroblob(100) WHERE id = 1")
        database.commit()
        database.close()
        await refused(router, "row 1 of table groups: it was changed", "restore")


async def test_mistakes_in_the_configuration_are_told_all_at_once(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, empty_house(
            tmp_path, hsm, as_process=True) as router:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas", "950402": "nobody"},
                         router='log_level = "loud"')
        await refused(router, "router.toml: [router]: log_level", "bins.csv: line 3")
