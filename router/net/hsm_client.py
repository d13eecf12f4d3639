"""The HSM over several connections, pipelined: each command goes where the fewest wait."""
import asyncio

from router.net.addresses import Address
from router.net.hsm_link import Changed, HsmAway, HsmLink
from router.switching.needs import Event, PinRefused, TranslatePin, Verified, Verify
from router.switching.ports import Clock, HearsHsm, Hsm
from router.switching.transaction import Transaction
from router.wire import hsm_frames

__all__ = ["HsmAway", "HsmClient"]


class HsmClient(Hsm):
    """The port Hsm. Who hears what it says is set before it is needed: `tell`."""

    def __init__(
        self, endpoints: tuple[Address, ...], connections: int, timeout_s: float, pending_max: int,
        changed: Changed,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hears: HearsHsm | None = None
        self._links = [
            HsmLink(self._loop, endpoint, timeout_s, pending_max, changed)
            for _ in range(connections) for endpoint in endpoints
        ]

    def tell(self, hears: HearsHsm, clock: Clock) -> None:
        """The conductor, and the clock that it reads."""
        self._hears = hears
        for link in self._links:
            link.hears = hears
            link.clock = clock

    @property
    def connections_up(self) -> int:
        """Those that answered the health check."""
        return sum(link.is_up for link in self._links)

    async def run(self) -> None:
        """Keeps every connection up, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for link in self._links:
                group.create_task(link.keep_up(diagnosed), name=f"hsm {link.endpoint}")

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        """`translated` hears of it exactly once, and never from within this call."""
        link = self._least_loaded()
        if link is None:
            self._loop.call_soon(self._tell, owner, PinRefused(""))
            return
        link.translate(need, owner)

    def verify(self, need: Verify, owner: Transaction) -> None:
        """The same, with Verified."""
        link = self._least_loaded()
        if link is None:
            self._loop.call_soon(self._tell, owner, Verified(""))
            return
        link.verify(need.command, owner)

    async def ask(self, command: bytes) -> bytes:
        """Any other command; the whole answer. Raises HsmAway."""
        link = self._least_loaded()
        if link is None:
            raise HsmAway
        return await link.ask(command)

    def tick(self, now: float) -> None:
        """Whoever has waited too long hears so."""
        for link in self._links:
            link.tick(now)

    def _least_loaded(self) -> HsmLink | None:
        best: HsmLink | None = None
        for link in self._links:
            if link.takes_more and (best is None or link.load < best.load):
                best = link
        return best

    def _tell(self, owner: Transaction, event: Event) -> None:
        assert self._hears is not None, "the daemon sets it before the first transaction"
        self._hears.translated(owner, event)


async def diagnosed(link: HsmLink) -> bool:
    """NC on a new connection: is it an HSM, and well?"""
    try:
        answer = await link.ask(hsm_frames.DIAGNOSE)
        return hsm_frames.error_of(answer, hsm_frames.DIAGNOSE) == hsm_frames.ACCEPTED
    except (HsmAway, hsm_frames.MalformedAnswer):
        return False
