"""The HSM client against an HSM of a few lines: pipelining, silence, hang-ups, limits."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from router.net.addresses import Address
from router.net.hsm_client import HsmClient
from router.net.waiting import until
from router.switching.needs import Event, PinRefused, PinTranslated, TranslatePin
from router.switching.pin_key import PinKey
from router.switching.ports import Clock, HearsHsm
from router.switching.recognition import Recognised
from router.switching.transaction import Transaction, from_record
from specs.elements import DE
from specs.journal_format import Parts
from tests.net.hsm_peer import PIN_BLOCK, TRANSLATED, UNACCEPTABLE, HsmPeer, hsm_peer

TPK = PinKey("tpk", "U" + "A" * 32, "000000", "01")
ZPK = PinKey("zpk", "U" + "B" * 32, "000000", "01")
OWNER_ABOUT = Parts(acquirer="a", processing_code="000000").about("0100")


class Client(HearsHsm):
    """The client under test, and what its owners heard."""

    def __init__(self, hsm: HsmPeer, timeout_s: float, pending_max: int, connections: int) -> None:
        self.changes: list[tuple[bool, str]] = []
        self.heard: dict[Transaction, list[Event]] = {}
        self.client = HsmClient(
            (Address("127.0.0.1", hsm.port),), connections, timeout_s, pending_max,
            lambda _endpoint, is_up, why: self.changes.append((is_up, why)))
        self.client.tell(self, Clock())

    def translated(self, transaction: Transaction, event: Event) -> None:
        self.heard[transaction].append(event)

    def owner(self) -> Transaction:
        """One that waits."""
        owner = from_record(OWNER_ABOUT, 0.0)
        self.heard[owner] = []
        return owner

    def translate(self, block: str = PIN_BLOCK) -> Transaction:
        owner = self.owner()
        request = Recognised(None, {DE.PAN: "4005400288000108", DE.PIN_BLOCK: block})
        request.recognise(b"souk", "0100")
        self.client.translate_pin(TranslatePin(request, TPK, ZPK), owner)
        assert not self.heard[owner], "never from within the call"
        return owner

    async def said(self, owner: Transaction) -> Event:
        """What the owner hears, which is one thing."""
        assert await until(lambda: bool(self.heard[owner]), 3.0)
        [event] = self.heard[owner]
        return event

    async def refusal(self, owner: Transaction) -> str:
        event = await self.said(owner)
        assert isinstance(event, PinRefused)
        return event.hsm_error

    async def is_up(self, connections: int) -> bool:
        return await until(lambda: self.client.connections_up == connections, 3.0)

    async def tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.client.tick(loop.time())
            await asyncio.sleep(0.01)


@asynccontextmanager
async def client_of(hsm: HsmPeer, timeout_s: float = 2.0, pending_max: int = 100,
                    connections: int = 2) -> AsyncIterator[Client]:
    """One whose connections are up."""
    one = Client(hsm, timeout_s, pending_max, connections)
    tasks = [asyncio.create_task(one.client.run()), asyncio.create_task(one.tick())]
    try:
        assert await one.is_up(connections)
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_block_comes_back_under_the_other_key() -> None:
    async with hsm_peer() as hsm, client_of(hsm) as one:
        event = await one.said(one.translate())
        assert isinstance(event, PinTranslated)
        assert event.pin_block == TRANSLATED
        assert hsm.commands[0] == b"NC"


async def test_an_error_of_the_hsm_reaches_the_transaction() -> None:
    async with hsm_peer() as hsm, client_of(hsm) as one:
        assert await one.refusal(one.translate(UNACCEPTABLE)) == "20"


async def test_many_commands_are_under_way_at_once() -> None:
    """On two connections; each transaction hears its own answer, once."""
    async with hsm_peer() as hsm, client_of(hsm) as one:
        blocks = [PIN_BLOCK, UNACCEPTABLE] * 40
        owners = [one.translate(block) for block in blocks]
        events = [await one.said(owner) for owner in owners]
        assert [isinstance(event, PinTranslated) for event in events] == [True, False] * 40


async def test_a_silent_hsm_costs_the_timeout_and_then_nothing() -> None:
    """Its connection is given up: who comes later hears at once that there is no HSM."""
    async with hsm_peer() as hsm, client_of(hsm, timeout_s=0.3) as one:
        hsm.speaks.clear()
        owners = [one.translate() for _ in range(4)]
        assert [await one.refusal(owner) for owner in owners] == [""] * 4
        assert await one.is_up(0)
        assert await until(lambda: (False, "no answer in time") in one.changes, 3.0)
        assert await one.refusal(one.translate()) == ""


async def test_an_hsm_that_hangs_up_is_connected_again() -> None:
    async with hsm_peer() as hsm, client_of(hsm) as one:
        hsm.speaks.clear()
        owner = one.translate()
        assert await until(lambda: len(hsm.commands) == 3, 3.0)
        await hsm.stop()
        assert await one.refusal(owner) == ""
        hsm.speaks.set()
        await hsm.start()
        assert await one.is_up(2)
        assert isinstance(await one.said(one.translate()), PinTranslated)


async def test_no_more_commands_wait_than_allowed() -> None:
    async with hsm_peer() as hsm, client_of(hsm, pending_max=3, connections=1) as one:
        hsm.speaks.clear()
        waiting = [one.translate() for _ in range(3)]
        assert await one.refusal(one.translate()) == ""
        assert all(not one.heard[owner] for owner in waiting)


async def test_nonsense_gives_the_connection_up() -> None:
    """A prefix of ASCII digits: the frame that it announces is never waited for."""
    async with hsm_peer() as hsm, client_of(hsm, connections=1) as one:
        hsm.speaks.clear()
        owner = one.translate()
        assert await until(lambda: len(hsm.commands) == 2, 3.0)
        for writer in hsm.writers:
            writer.write(b"0024HEADCD00")
        assert await one.refusal(owner) == ""
        assert await until(lambda: any("4-digit ASCII" in why for _, why in one.changes), 3.0)
