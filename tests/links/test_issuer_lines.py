"""What an issuer's line does when its issuer is away, silent, declines, or talks nonsense."""
import asyncio
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import empty_house, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.net.peer import framed, written


async def test_an_issuer_that_hangs_up_is_connected_again(tmp_path: Path) -> None:
    """Meanwhile its cards hear 91, at once."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        await issuer.stop()
        await router.logged("line_unreachable")
        assert (await acquirer.asks(purchase()))["39"] == "91"
        assert (await router.page("/readyz"))[0] == 503
        await issuer.start()
        await router.logged("line_state", number=5)  # signing_on, signed_on, down, signing_on, ...
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert len(router.events("line_unreachable")) == 1


async def test_an_idle_line_is_asked_for_an_echo(tmp_path: Path) -> None:
    """And taken down when none comes: a connection that is open proves nothing."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, echo_interval_s=0.2) as router:
        await issuer.hears("0800", 3)
        assert [one["70"] for one in issuer.of("0800")][:3] == ["001", "301", "301"]
        issuer.silent_to.add("0800")
        down = await router.logged("line_state", number=3)
        assert (down["state"], down["because"]) == ("down", "no answer to echo")


async def test_a_declined_sign_on_carries_no_traffic(tmp_path: Path) -> None:
    """It is tried again, and may be accepted then. Acquirers are let in after a while anyhow."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, empty_house(tmp_path, hsm) as router:
        issuer.sign_on_code = "05"
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"})
        await router.launch()
        await issuer.hears("0800", 3)
        assert not router.events("listening")
        issuer.sign_on_code = "00"
        await router.logged("listening")


async def test_nonsense_from_an_issuer_closes_its_line_and_makes_it_again(tmp_path: Path) -> None:
    """Two messages that are none are forgiven, three in a row are not."""
    garbage = framed(b"\x00\x01 this is no ISO 8583")
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        issuer.send(garbage * 2)
        await router.logged("malformed", number=2)
        assert (await acquirer.asks(purchase()))["39"] == "00"
        issuer.send(garbage * 3)
        down = await router.logged("line_state", number=3)
        assert down["because"] == "3 unreadable messages in a row"
        await router.logged("line_state", number=5)
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_wrong_prefix_of_an_issuer_is_named(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        data = written("0800", {"7": "1124101500", "11": "000001", "70": "301"})
        issuer.send(b"%04d" % len(data) + data)
        event = await router.logged("frame_too_long")
        assert event["link"] == "atlas-1"
        assert "peer sends a 4-digit ASCII length" in event["why"]


async def test_what_an_issuer_asks_is_answered(tmp_path: Path) -> None:
    """Network management as a peer does, anything else with 12; a request with a STAN that waits
    for a response is not taken for it."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        issuer.send(framed(written("0800", {"7": "1124101500", "11": "000777", "70": "301"})))
        answer = await issuer.hears("0810")
        assert (answer["11"], answer["39"], answer["70"]) == ("000777", "00", "301")
        issuer.silent_to.add("0100")
        acquirer.send(purchase())
        waiting = await issuer.hears("0100")
        elements = {key: waiting[key] for key in ("2", "3", "4", "7", "11", "41", "49")}
        issuer.send(framed(written("0100", elements)))
        assert (await issuer.hears("0110"))["39"] == "12"
        assert (await acquirer.hears())["39"] == "91"


async def test_a_request_that_waits_when_its_line_falls_is_reversed(tmp_path: Path) -> None:
    """It left, and nobody knows what became of it: 91 at once, and a reversal on the next line."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, issuer_timeout_s=60,
            answer_within_s="61") as router, acquirer_peer(router.acquirer) as acquirer:
        issuer.silent_to.add("0100")
        acquirer.send(purchase())
        sent = await issuer.hears("0100")
        issuer.hang_up()
        assert (await acquirer.hears())["39"] == "91"
        reversal = await issuer.hears("0420")
        assert reversal["90"][4:10] == sent["11"]


async def test_a_line_that_is_up_takes_over_from_one_that_is_not(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, lines=2) as router, acquirer_peer(router.acquirer) as acquirer:
        issuer.writers[0].transport.abort()
        await router.logged("line_state", number=5)
        codes = [(await acquirer.asks(purchase()))["39"] for _ in range(4)]
        assert codes == ["00"] * 4


async def test_an_issuer_that_does_not_read_gets_nothing_more(tmp_path: Path) -> None:
    """Above a bound nothing is handed to its socket: such requests never left."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, echo_interval_s=0.3) as router, acquirer_peer(
            router.acquirer) as acquirer:
        for writer in issuer.writers:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(40):
            acquirer.send(purchase())
        async with asyncio.timeout(10):
            codes = [(await acquirer.hears())["39"] for _ in range(40)]
        assert codes == ["91"] * 40


async def test_an_issuer_that_signs_off_may_still_answer_what_it_has(tmp_path: Path) -> None:
    """It gets nothing new until it signs on again."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        issuer.delay_s = 0.3
        first = purchase()
        acquirer.send(first)
        await issuer.hears("0100")
        goodbye = {"7": "1124101500", "11": "000777", "70": "002"}
        issuer.send(framed(written("0800", goodbye)))
        assert (await issuer.hears("0810"))["39"] == "00"
        second = await acquirer.asks(purchase())
        assert second["39"] == "91"
        answer = await acquirer.hears()
        assert (answer["11"], answer["39"]) == (first["11"], "00")
        issuer.send(framed(written("0800", {**goodbye, "70": "001"})))
        await router.logged("line_state", number=4)
        assert (await acquirer.asks(purchase()))["39"] == "00"
