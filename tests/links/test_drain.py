"""SIGTERM: nobody new, whoever waits is answered, then the lines sign off and it ends well."""
import signal
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer


async def test_what_is_in_flight_is_answered_before_the_end(tmp_path: Path) -> None:
    """What comes after SIGTERM hears 90, and no new connection is taken."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router, acquirer_peer(
            router.acquirer) as acquirer:
        issuer.delay_s = 0.5
        first, second = purchase(), purchase()
        acquirer.send(first)
        await issuer.hears("0100")
        router.signal(signal.SIGTERM)
        await router.logged("router_drains")
        acquirer.send(second)
        answers = [await acquirer.hears(), await acquirer.hears()]
        assert [(one["11"], one["39"]) for one in answers] == [
            (second["11"], "90"), (first["11"], "00")]
        assert await router.ended() == 0
        assert await acquirer.is_closed()
        assert (await issuer.hears("0800", 2))["70"] == "002"
        assert not issuer.of("0420", "0421")


async def test_a_repeat_hears_the_truth_to_the_last(tmp_path: Path) -> None:
    """Its answer was lost on the way: 90 would be a decline of what the issuer holds."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router, acquirer_peer(
            router.acquirer) as acquirer:
        first, second, third = purchase(), purchase(), purchase()
        assert (await acquirer.asks(first))["39"] == "00"
        issuer.delay_s = 0.6  # within its timeout
        acquirer.send(second)
        await issuer.hears("0100", 2)
        router.signal(signal.SIGTERM)
        await router.logged("router_drains")
        acquirer.send({**first, "t": "0101"})
        acquirer.send(third)
        acquirer.send({**second, "t": "0101"})
        answers = [await acquirer.hears() for _ in range(4)]
        assert [(one["11"], one["39"]) for one in answers] == [
            (first["11"], "00"), (third["11"], "90"), (second["11"], "00"), (second["11"], "00")]
        assert await router.ended() == 0


async def test_an_issuer_that_says_nothing_does_not_hold_the_end_up(tmp_path: Path) -> None:
    """Neither to the sign-off nor to a request: that one is reversed, now or at the next start."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router, acquirer_peer(
            router.acquirer) as acquirer:
        issuer.silent_to.update(("0100", "0420", "0800"))
        acquirer.send(purchase())
        await issuer.hears("0100")
        assert await router.stop() == 0
        assert (await acquirer.hears())["39"] == "91"
        issuer.silent_to.clear()
        await router.start()
        await issuer.hears("0421")
