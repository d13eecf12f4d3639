"""What an acquirer meets at its port: sessions, limits, and patience with bad input."""
import asyncio
from pathlib import Path

from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer, purchase
from tests.net.house import house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.net.peer import framed, read, written

ECHO = {"t": "0800", "7": "1124101500", "11": "000901", "70": "301"}
SIGN_ON = {**ECHO, "70": "001", "11": "000902"}


async def test_where_sign_on_is_required_a_purchase_before_it_hears_58(tmp_path: Path) -> None:
    """Afterwards it is approved; after a sign-off it hears 58 again."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, sign_on='"required"') as router, acquirer_peer(
            router.acquirer) as acquirer:
        assert (await acquirer.asks(purchase()))["39"] == "58"
        answer = await acquirer.asks(SIGN_ON)
        assert answer == {**SIGN_ON, "t": "0810", "39": "00"}
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert (await acquirer.asks({**SIGN_ON, "70": "002"}))["39"] == "00"
        assert (await acquirer.asks(purchase()))["39"] == "58"


async def test_many_requests_are_under_way_on_one_link(tmp_path: Path) -> None:
    """Sixty-four at once; each answer carries its request's own numbers."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, lines=2) as router, acquirer_peer(router.acquirer) as acquirer:
        requests = [purchase() for _ in range(64)]
        for request in requests:
            acquirer.send(request)
        answers = [await acquirer.hears() for _ in requests]
        assert {(one["11"], one["37"], one["39"]) for one in answers} == {
            (one["11"], one["37"], "00") for one in requests}
        assert len({one["11"] for one in issuer.of("0100")}) == 64


async def test_nothing_is_read_from_addresses_that_are_not_allowed(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, allowed='["10.0.0.0/8"]') as router, acquirer_peer(
            router.acquirer) as acquirer:
        acquirer.send(purchase())
        assert await acquirer.is_closed()
        refused = await router.logged("link_refused")
        assert "not allowed" in refused["why"]


async def test_one_connection_too_many_is_refused_and_costs_nobody_anything(
        tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, connections_max="1") as router, acquirer_peer(
            router.acquirer) as first:
        assert (await first.asks(ECHO))["39"] == "00"
        async with acquirer_peer(router.acquirer) as second:
            assert await second.is_closed()
        assert (await first.asks(purchase()))["39"] == "00"


async def test_a_wrong_length_prefix_is_recognised_and_named(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        data = written("0800", {key: value for key, value in ECHO.items() if key != "t"})
        acquirer.writer.write(b"%04d" % len(data) + data)
        assert await acquirer.is_closed()
        event = await router.logged("frame_too_long")
        assert "peer sends a 4-digit ASCII length, 2-byte binary is configured" in event["why"]


async def test_bytes_may_come_one_by_one(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        elements = {key: value for key, value in purchase().items() if key != "t"}
        for byte in b"\0\0" + framed(written("0100", elements)):  # a keep-alive before it
            acquirer.writer.write(bytes([byte]))
            await acquirer.writer.drain()
            await asyncio.sleep(0)
        assert (await acquirer.hears())["39"] == "00"


async def test_a_message_that_breaks_off_hears_30(tmp_path: Path) -> None:
    """Its MTI and STAN could be read. A good one after it is processed as ever."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        request = purchase()
        data = written("0100", {key: value for key, value in request.items() if key != "t"})
        acquirer.writer.write(framed(data[:-5]))
        answer = await acquirer.hears()
        assert (answer["t"], answer["11"], answer["39"]) == ("0110", request["11"], "30")
        event = await router.logged("malformed")
        assert event["element"] == 49 or event["element"] == 42
        assert "9504010000000001" not in router.log_path.read_text()
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_characters_that_are_none_hear_30(tmp_path: Path) -> None:
    """The layout is right, and a text holds bytes above 7F."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as acquirer:
        request = purchase()
        data = written("0100", {key: value for key, value in request.items() if key != "t"})
        acquirer.writer.write(framed(data.replace(b"MERCHANT", b"M\xc9RCHANT")))
        answer = await acquirer.hears()
        assert (answer["11"], answer["39"]) == (request["11"], "30")
        assert (await router.logged("malformed"))["element"] == 42
        assert not issuer.of("0100")


async def test_garbage_in_a_row_closes_its_link_and_no_other(tmp_path: Path) -> None:
    """Three are configured; a good message in between starts the count anew."""
    garbage = framed(b"GET / HTTP/1.1")
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(
            router.acquirer) as acquirer, acquirer_peer(router.acquirer) as other:
        for _ in range(2):
            acquirer.writer.write(garbage * 2)
            assert (await acquirer.asks(purchase()))["39"] == "00"
        acquirer.writer.write(garbage * 3)
        assert await acquirer.is_closed()
        assert (await other.asks(purchase()))["39"] == "00"


async def test_an_answer_goes_back_by_the_tpdu_its_request_came_by(tmp_path: Path) -> None:
    """Source and destination swapped, for each terminal behind a concentrator its own."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, framing='"binary-2+tpdu"') as router, acquirer_peer(
            router.acquirer) as acquirer:
        for terminal in ("0011", "0022"):
            elements = {key: value for key, value in purchase().items() if key != "t"}
            data = written("0100", {**elements, "41": f"TERM{terminal}"})
            acquirer.writer.write(framed(bytes.fromhex("600005" + terminal) + data))
        for _ in range(2):
            length = int.from_bytes(await acquirer.reader.readexactly(2), "big")
            answer = await acquirer.reader.readexactly(length)
            message = read(answer[5:])
            assert answer[:5].hex() == "60" + message["41"][4:] + "0005"
            assert message["39"] == "00"


async def test_a_peer_that_does_not_read_is_sent_away(tmp_path: Path) -> None:
    """What it does not read is bounded; everybody else is served as ever."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer) as router, acquirer_peer(router.acquirer) as deaf, acquirer_peer(
            router.acquirer) as other:
        await flood(deaf)
        assert (await other.asks(purchase()))["39"] == "00"
        states = [one for one in router.events("link_state") if one["state"] == "down"]
        assert [one["because"] for one in states] == ["it does not read its answers"]


async def flood(deaf: AcquirerPeer) -> None:
    """Echo requests without end, until the router hangs up."""
    echo = framed(written("0800", {key: value for key, value in ECHO.items() if key != "t"}))
    deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]
    try:
        async with asyncio.timeout(20):
            while True:
                deaf.writer.write(echo * 500)
                await deaf.writer.drain()
    except ConnectionError:
        return
