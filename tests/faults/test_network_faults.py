"""Networks that cut, stall, trickle, or lose one direction, between the router and its peers."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.chaos.fault_proxy import FaultProxy
from router.net.waiting import until
from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.net.peer import framed, written

Scene = tuple[House, IssuerPeer, FaultProxy]


@asynccontextmanager
async def issuer_behind_a_proxy(folder: Path, **settings: str | float) -> AsyncIterator[Scene]:
    """The router reaches its issuer through the proxy."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, FaultProxy(
            "127.0.0.1", issuer.port) as proxy:
        far = IssuerPeer()
        far.port = proxy.port
        async with house(folder, hsm, far, **settings) as router:  # type: ignore[arg-type]
            yield router, issuer, proxy


@asynccontextmanager
async def acquirer_behind_a_proxy(
    folder: Path,
) -> AsyncIterator[tuple[House, IssuerPeer, FaultProxy, AcquirerPeer]]:
    """The acquirer reaches the router through the proxy."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(folder, hsm, issuer) as router:
        host, _, port = router.acquirer.rpartition(":")
        async with FaultProxy(host, int(port)) as proxy, acquirer_peer(proxy.address) as acquirer:
            yield router, issuer, proxy, acquirer


async def test_a_line_cut_behind_a_request_reverses_it(tmp_path: Path) -> None:
    """The request left; whether the issuer has it nobody knows. 91 at once, and one 0420."""
    async with issuer_behind_a_proxy(tmp_path) as (router, issuer, proxy), acquirer_peer(
            router.acquirer) as acquirer:
        issuer.silent_to.add("0100")
        acquirer.send(purchase())
        sent = await issuer.hears("0100")
        proxy.cut_all()
        assert (await acquirer.hears())["39"] == "91"
        assert (await issuer.hears("0420"))["90"][4:10] == sent["11"]


async def test_a_line_cut_within_a_request_reverses_it_too(tmp_path: Path) -> None:
    """Ten bytes of it went out: from the first byte on, it left."""
    async with issuer_behind_a_proxy(tmp_path) as (router, issuer, proxy), acquirer_peer(
            router.acquirer) as acquirer:
        proxy.cut_after(10)
        assert (await acquirer.asks(purchase()))["39"] == "91"
        await issuer.hears("0420")
        assert issuer.of("0100") == []


async def test_a_line_that_stalls_answers_91_and_reverses_when_it_flows_again(
    tmp_path: Path,
) -> None:
    """Nothing fell: the issuer gets the request late, then its reversal, in that order."""
    async with issuer_behind_a_proxy(tmp_path) as (router, issuer, proxy), acquirer_peer(
            router.acquirer) as acquirer:
        proxy.stall()
        assert (await acquirer.asks(purchase()))["39"] == "91"
        proxy.flow()
        reversal = await issuer.hears("0420")
        assert [one["t"] for one in issuer.of("0100", "0420")] == ["0100", "0420"]
        assert reversal["90"][4:10] == issuer.of("0100")[0]["11"]


async def test_answers_that_are_swallowed_take_the_line_down(tmp_path: Path) -> None:
    """Half-open: requests arrive, answers do not. The echo finds out, a new line is made."""
    async with issuer_behind_a_proxy(tmp_path, echo_interval_s=0.3) as (
            router, issuer, proxy), acquirer_peer(router.acquirer) as acquirer:
        proxy.half_open("back")
        assert (await acquirer.asks(purchase()))["39"] == "91"
        down = await router.logged("line_state", number=3)
        assert down["because"] == "no answer to echo"
        await router.logged("line_state", number=5)
        await issuer.hears("0420")
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_an_issuer_that_trickles_is_understood(tmp_path: Path) -> None:
    """Three bytes at a time, both ways."""
    async with issuer_behind_a_proxy(tmp_path) as (router, _, proxy), acquirer_peer(
            router.acquirer) as acquirer:
        proxy.trickles = True
        for _ in range(3):
            assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_an_acquirer_that_trickles_is_answered(tmp_path: Path) -> None:
    async with acquirer_behind_a_proxy(tmp_path) as (_, _, proxy, acquirer):
        proxy.trickles = True
        for _ in range(3):
            assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_link_cut_before_its_approval_is_reversed(tmp_path: Path) -> None:
    """The approval has nowhere to go: its hold does not stay."""
    async with acquirer_behind_a_proxy(tmp_path) as (_, issuer, proxy, acquirer):
        issuer.delay_s = 0.4
        acquirer.send(purchase())
        await issuer.hears("0100")
        proxy.cut_all()
        reversal = await issuer.hears("0420")
        assert reversal["90"][4:10] == issuer.of("0100")[0]["11"]


async def test_half_a_request_and_a_cut_link_reach_nobody(tmp_path: Path) -> None:
    async with acquirer_behind_a_proxy(tmp_path) as (router, issuer, proxy, acquirer):
        message = purchase()
        frame = framed(written("0100", {n: text for n, text in message.items() if n != "t"}))
        acquirer.writer.write(frame[:-7])
        await acquirer.writer.drain()
        proxy.cut_all()
        await router.logged("link_state", number=2)
        assert issuer.of("0100") == []


async def test_an_acquirer_who_hears_nothing_reverses_and_nothing_stays(tmp_path: Path) -> None:
    """Half-open towards it: the approval is on its way for ever; its 0420 comes by a new link."""
    async with acquirer_behind_a_proxy(tmp_path) as (router, issuer, proxy, acquirer):
        proxy.half_open("back")
        original = purchase()
        acquirer.send(original)
        sent = await issuer.hears("0100")
        async with acquirer_peer(router.acquirer) as other:
            reversal = purchase(
                "0420", e2=original["2"], e37=original["37"], e52=None,
                e90="0100" + original["11"] + original["7"] + "504001".zfill(11) + "0" * 11)
            assert (await other.asks(reversal))["39"] == "00"
        assert (await issuer.hears("0420"))["90"][4:10] == sent["11"]
        assert not await until(lambda: len(issuer.of("0420", "0421")) > 1, 0.5)


async def test_a_refusing_network_is_tried_again(tmp_path: Path) -> None:
    """The proxy hangs up on every new connection for a while."""
    async with issuer_behind_a_proxy(tmp_path) as (router, _, proxy), acquirer_peer(
            router.acquirer) as acquirer:
        proxy.refuses = True
        proxy.cut_all()
        assert await until(lambda: not proxy.connections, 5.0)
        assert (await acquirer.asks(purchase()))["39"] == "91"
        proxy.refuses = False
        async with asyncio.timeout(8):
            while (await acquirer.asks(purchase()))["39"] != "00":
                pass
