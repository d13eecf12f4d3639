"""An acquirer that is gone when its answer comes: nobody heard the approval, so it is reversed."""
import socket
import struct
from pathlib import Path

from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer, purchase
from tests.net.house import house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.net.peer import framed, written


def reset(acquirer: AcquirerPeer) -> None:
    """Gone with an RST: nothing can be written to it any more."""
    connection = acquirer.writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    acquirer.writer.transport.abort()


async def test_an_approval_that_nobody_takes_is_reversed(tmp_path: Path) -> None:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        async with acquirer_peer(router.acquirer) as acquirer:
            acquirer.send(purchase())
            sent = await issuer.hears("0100")
            reset(acquirer)
        reversal = await issuer.hears("0420")
        assert reversal["90"][4:10] == sent["11"]
        event = await router.logged("transaction")
        assert (event["response_code"], event["ended_in"]) == ("", "delivery")


async def test_a_peer_that_said_good_bye_and_is_gone_has_heard_nothing(tmp_path: Path) -> None:
    """It closed both halves: that shows only when the answer is written, and counts as well."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.3
        request = purchase()
        async with acquirer_peer(router.acquirer) as acquirer:
            acquirer.send(request)
            sent = await issuer.hears("0100")
        reversal = await issuer.hears("0420")
        assert reversal["90"][4:10] == sent["11"]
        event = await router.logged("undeliverable_approval")
        assert event["stan"] == request["11"]


async def test_a_peer_that_only_stopped_writing_gets_its_answers(tmp_path: Path) -> None:
    """Many small clients shut their half down after the last request; then the router hangs up."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(tmp_path, hsm, issuer) as router:
        issuer.delay_s = 0.2
        async with acquirer_peer(router.acquirer) as acquirer:
            for _ in range(3):
                acquirer.send(purchase())
            acquirer.writer.write_eof()
            answers = [await acquirer.hears() for _ in range(3)]
            assert [answer["39"] for answer in answers] == ["00"] * 3
            assert await acquirer.is_closed()
        assert issuer.of("0420") == []


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


class Garbling(IssuerPeer):
    """Its answers to purchases have a good head and STAN, and then too little."""

    def answer(self, message: dict[str, str]) -> bytes:
        whole = super().answer(message)
        return whole if message["t"] != "0100" else whole[:-3]


async def test_an_answer_that_cannot_be_read_reverses_its_request(tmp_path: Path) -> None:
    """Cut short, or with bytes that are no text: the line goes on, and carries the reversal."""
    issuer = Garbling()
    await issuer.start()
    try:
        async with (
            hsm_peer() as hsm,
            house(tmp_path, hsm, issuer) as router,
            acquirer_peer(router.acquirer) as acquirer,
        ):
            assert (await acquirer.asks(purchase()))["39"] == "91"
            await issuer.hears("0420")
            issuer.delay_s = 60.0
            acquirer.send(purchase())
            sent = await issuer.hears("0100", 2)
            answer = {"7": sent["7"], "11": sent["11"], "39": "00", "44": "Zoe"}
            issuer.send(framed(written("0110", answer).replace(b"Zoe", b"Zo\xeb")))
            assert (await acquirer.hears())["39"] == "91"
            await issuer.hears("0420", 2)
            assert len(issuer.writers) == 1
    finally:
        await issuer.stop()
