"""An acquirer that is gone when its answer comes: nobody heard the approval, so it is reversed."""
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer


async def test_an_approval_that_nobody_takes_is_reversed(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        async with acquirer_peer(router.acquirer) as acquirer:
            acquirer.send(purchase())
            sent = await issuer.hears("0100")
        reversal = await issuer.hears("0420")
        assert reversal["90"][4:10] == sent["11"]
        event = await router.logged("transaction")
        assert (event["response_code"], event["ended_in"]) == ("", "delivery")


async def test_its_repeat_on_another_link_hears_a_decline(tmp_path: Path) -> None:
    """Never 00 for a hold that is gone."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        request = purchase()
        async with acquirer_peer(router.acquirer) as acquirer:
            acquirer.send(request)
            await issuer.hears("0100")
        await issuer.hears("0420")
        async with acquirer_peer(router.acquirer) as acquirer:
            assert (await acquirer.asks({**request, "t": "0101"}))["39"] == "91"
        assert len(issuer.of("0100", "0101")) == 1
