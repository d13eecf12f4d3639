"""The HSM falls silent, hangs up or is not there: 86 with a PIN, nothing of it without."""
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import empty_house, house
from tests.net.hsm_peer import DATA_KEY_KCV, PIN_BLOCK, hsm_peer
from tests.net.issuer_peer import issuer_peer


async def test_without_an_hsm_a_pin_hears_86_and_a_purchase_without_one_is_approved(
        tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        await hsm.stop()
        await router.logged("hsm_down", number=2)
        assert (await acquirer.asks(purchase(e52=PIN_BLOCK)))["39"] == "86"
        assert (await acquirer.asks(purchase()))["39"] == "00"
        status, page = await router.page("/readyz")
        assert (status, page["reasons"]) == (503, ["hsm: no connection is up"])
        await hsm.start()
        await router.logged("hsm_up", number=4)
        assert (await acquirer.asks(purchase(e52=PIN_BLOCK)))["39"] == "00"


async def test_a_silent_hsm_is_not_waited_for_longer_than_configured(tmp_path: Path) -> None:
    """The answer comes in time all the same, and what has no PIN is not slowed."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        hsm.speaks.clear()
        with_pin, without = purchase(e52=PIN_BLOCK), purchase()
        acquirer.send(with_pin)
        acquirer.send(without)
        first, second = await acquirer.hears(), await acquirer.hears()
        assert (first["11"], first["39"]) == (without["11"], "00")
        assert (second["11"], second["39"]) == (with_pin["11"], "86")


async def test_without_an_hsm_at_the_start_the_router_waits_and_says_why(tmp_path: Path) -> None:
    """Its journal is sealed with a key that only the HSM can unwrap."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, empty_house(tmp_path, hsm) as router:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        await hsm.stop()
        await router.launch()
        waits = await router.logged("waits_for_hsm")
        assert waits["endpoints"] == hsm.address
        assert not router.events("listening")
        assert not issuer.heard
        await hsm.start()
        await router.logged("router_ready")


async def test_a_router_that_waits_for_its_hsm_can_be_stopped(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, empty_house(
            tmp_path, hsm, as_process=True) as router:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        await hsm.stop()
        await router.launch()
        await router.logged("waits_for_hsm")
        assert await router.stop() == 0


async def test_a_data_key_with_another_check_value_is_a_mistake(tmp_path: Path) -> None:
    """Better now than when the journal is to be read again."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, empty_house(
            tmp_path, hsm, as_process=True) as router:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        path = router.config / "router.toml"
        path.write_text(path.read_text().replace(DATA_KEY_KCV, "ABCDEF"))
        await router.launch()
        assert await router.ended() == 2
        assert "data_key_kcv: the HSM finds 5A5A5A" in router.log_path.read_text()
