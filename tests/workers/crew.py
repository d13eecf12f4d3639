"""A router of several workers, as processes, with an acquirer for each of the first ones."""
import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.net.house import ACQUIRER, ACQUIRER_KEYS, ZPK, House, empty_house
from tests.net.hsm_peer import HsmPeer
from tests.net.issuer_peer import IssuerPeer

OTHERS = ("corniche", "rif", "souss")


class Crew:
    """`acquirers` says where each listens: medina and one after the other of OTHERS."""

    def __init__(self, house: House, issuer: IssuerPeer) -> None:
        self.house = house
        self.acquirers: dict[str, str] = {}
        self._issuer = issuer

    def configure(self, workers: int, others: int = 1, lines: int = 1, router: str = "") -> None:
        """One issuer, atlas, for the cards that begin with 950401."""
        self.house.configure(
            {"atlas": [self._issuer.address] * lines}, {"950401": "atlas"},
            f"workers = {workers}\n{router}")
        keys = "\n".join(f"{key} = {value}" for key, value in ACQUIRER_KEYS.items())
        with (self.house.config / "acquirers.toml").open("a") as file:
            for name in OTHERS[:others]:
                file.write(ACQUIRER.format(zpk=ZPK, keys=keys).replace('"medina"', f'"{name}"'))

    async def start(self) -> None:
        """Until it lets acquirers in."""
        await self.house.start()
        await self.look()

    async def look(self) -> dict[str, Any]:
        """The status, and from it where acquirers connect."""
        _, status = await self.house.page("/status")
        self.acquirers = {one["acquirer"]: one["address"] for one in status["listeners"]}
        found: dict[str, Any] = status
        return found

    async def has(
        self, is_so: Callable[[dict[str, Any]], bool], within_s: float = 12.0
    ) -> dict[str, Any]:
        """The status, as soon as it is so."""
        async with asyncio.timeout(within_s):
            while not is_so(status := await self.look()):  # noqa: ASYNC110 - of other processes
                await asyncio.sleep(0.02)
        return status

    async def is_ready(self) -> dict[str, Any]:
        """The status, as soon as nothing is missing."""
        return await self.has(lambda status: bool(status["ready"]))

    def worker_of(self, acquirer: str) -> int:
        """As the roster says."""
        roster = json.loads((self.house.state / "router" / "workers.json").read_text())
        number: int = roster["acquirers"][acquirer]
        return number

    async def processes(self) -> list[int]:
        """Of the workers, in their order."""
        status = await self.look()
        return [one["process"] for one in status["workers"]]

    async def kill(self, acquirer: str, number: signal.Signals = signal.SIGKILL) -> int:
        """The worker that has this acquirer; which process it was."""
        process = (await self.processes())[self.worker_of(acquirer)]
        os.kill(process, number)
        return process


@asynccontextmanager
async def crew(
    folder: Path, hsm: HsmPeer, issuer: IssuerPeer, workers: int = 2, others: int = 1,
    lines: int = 1, router: str = "",
) -> AsyncIterator[Crew]:
    """It runs."""
    async with empty_house(folder, hsm, as_process=True) as house:
        one = Crew(house, issuer)
        one.configure(workers, others, lines, router)
        await one.start()
        yield one


async def gone(processes: Sequence[int], within_s: float = 12.0) -> None:
    """All of them have ended."""
    async with asyncio.timeout(within_s):
        while any(is_running(one) for one in processes):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.02)


def is_running(process: int) -> bool:
    """Not a zombie of ours: the supervisor is its parent."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
