"""SIGHUP: all of a good configuration, nothing of a bad one, and nothing in flight is lost."""
import asyncio
from pathlib import Path

from router.net.waiting import until
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer

OTHER_CARD = "9504020000000000"


async def reloaded(router: House, number: int = 1) -> dict[str, object]:
    """The outcome of the number-th reload."""
    router.reload()
    return await router.logged("reload", number)


async def test_a_new_issuer_gets_lines_and_requests(tmp_path: Path) -> None:
    """The difference is logged; before, its cards heard 92."""
    async with hsm_peer() as hsm, issuer_peer() as atlas, issuer_peer() as bahia, house(
            tmp_path, hsm, atlas) as router, acquirer_peer(router.acquirer) as acquirer:
        assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "92"
        router.configure({"atlas": [atlas.address], "bahia": [bahia.address]},
                         {"950401": "atlas", "950402": "bahia"})
        outcome = await reloaded(router)
        assert outcome["outcome"] == "reloaded"
        assert 'issuer "bahia" added' in str(outcome["changes"])
        await bahia.hears("0800")
        await router.logged("line_state", number=4)
        assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "00"
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert len(atlas.of("0800")) == 1  # its line was left alone


async def test_a_bad_configuration_changes_nothing_and_says_everything(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        router.configure({"atlas": [issuer.address]}, {"95040": "atlas", "950402": "nobody"},
                         router="frames = 3")
        outcome = await reloaded(router)
        assert outcome["outcome"] == "refused"
        mistakes = str(outcome["mistakes"])
        assert "bins.csv: line 2" in mistakes
        assert "bins.csv: line 3" in mistakes
        assert "router.toml: [router]: frames" in mistakes
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert (await acquirer.asks(purchase(e2=OTHER_CARD)))["39"] == "92"


async def test_an_unchanged_configuration_is_said_to_be_so(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        assert (await reloaded(router))["outcome"] == "unchanged"
        assert len(issuer.of("0800")) == 1


async def test_an_issuer_that_is_gone_answers_what_is_in_flight_and_signs_off(
        tmp_path: Path) -> None:
    """Its cards go elsewhere at once."""
    async with hsm_peer() as hsm, issuer_peer() as atlas, issuer_peer() as bahia, house(
            tmp_path, hsm, atlas) as router, acquirer_peer(router.acquirer) as acquirer:
        atlas.delay_s = 0.6
        first = purchase()
        acquirer.send(first)
        await atlas.hears("0100")
        router.configure({"bahia": [bahia.address]}, {"950401": "bahia"})
        await reloaded(router)
        await bahia.hears("0800")
        await router.logged("line_state", number=4)
        second = purchase()
        acquirer.send(second)
        answers = [await acquirer.hears(), await acquirer.hears()]
        assert [(one["11"], one["39"]) for one in answers] == [
            (second["11"], "00"), (first["11"], "00")]
        assert (await atlas.hears("0800", 2))["70"] == "002"
        assert len(atlas.of("0100")) == len(bahia.of("0100")) == 1
        await router.logged("line_gone")


async def test_what_is_stored_for_an_issuer_that_is_gone_is_delivered(tmp_path: Path) -> None:
    """Its lines stay until its reversal was acknowledged, and only then sign off."""
    async with hsm_peer() as hsm, issuer_peer() as atlas, issuer_peer() as bahia, house(
            tmp_path, hsm, atlas) as router, acquirer_peer(router.acquirer) as acquirer:
        atlas.silent_to.update(("0100", "0420", "0421"))
        assert (await acquirer.asks(purchase()))["39"] == "91"
        await atlas.hears("0420")
        router.configure({"bahia": [bahia.address]}, {"950401": "bahia"})
        await reloaded(router)
        await atlas.hears("0421")
        assert len(atlas.of("0800")) == 1
        atlas.silent_to.clear()
        assert (await atlas.hears("0800", 2))["70"] == "002"


async def test_what_an_issuer_approved_is_reversed_there_after_it_was_away(tmp_path: Path) -> None:
    """Gone for good, then a reversal of its purchase: taken, and delivered once it is back."""
    async with hsm_peer() as hsm, issuer_peer() as atlas, issuer_peer() as bahia, house(
            tmp_path, hsm, atlas) as router, acquirer_peer(router.acquirer) as acquirer:
        bought = purchase()
        assert (await acquirer.asks(bought))["39"] == "00"
        router.configure({"bahia": [bahia.address]}, {"950401": "bahia"})
        await reloaded(router)
        assert router.router is not None
        configured = router.router._issuers.issuers
        assert await until(lambda: "atlas" not in configured, 8.0)
        undo = {**bought, "t": "0420", "11": "000901",
                "90": "0100" + bought["11"] + bought["7"] + "0" * 22}
        assert (await acquirer.asks(undo))["39"] == "00"
        assert atlas.of("0420") == []
        router.configure({"atlas": [atlas.address]}, {"950401": "atlas"})
        await reloaded(router, 2)
        assert (await atlas.hears("0420"))["37"] == (await atlas.hears("0100"))["37"]


async def test_a_line_with_new_terms_replaces_the_old_one(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"}, echo_interval_s=20.0)
        await reloaded(router)
        gone = await router.logged("line_gone")
        assert gone["line"] == "atlas-1"
        await issuer.hears("0800", 3)
        await router.logged("line_state", number=6)
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_reload_under_load_loses_nothing(tmp_path: Path) -> None:
    """Three hundred purchases while the lines are replaced again and again."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, lines=2) as router, acquirer_peer(router.acquirer) as acquirer:
        answers = []
        for turn in range(30):
            if turn in (5, 12, 20):
                router.configure({"atlas": [issuer.address] * 2}, {"950401": "atlas"},
                                 echo_interval_s=20.0 + turn)
                router.reload()
            requests = [purchase() for _ in range(10)]
            for request in requests:
                acquirer.send(request)
            answers += [await acquirer.hears() for _ in requests]
            await asyncio.sleep(0.01)
        await router.logged("reload", number=3)
        assert {one["39"] for one in answers} == {"00"}
        assert len(issuer.of("0100")) == 300
        assert not issuer.of("0420", "0421")


async def test_terms_of_an_acquirer_change_while_it_is_connected(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"},
                         institution_id='"504777"', dialect='"national"')
        outcome = await reloaded(router)
        assert outcome["after_restart"] == ['acquirer "medina" dialect']
        await acquirer.asks(purchase(e32=None))
        assert issuer.of("0100")[0]["32"] == "504777"
