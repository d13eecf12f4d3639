"""How long a start takes behind so many transactions: `make journal-start TRANSACTIONS=1000000`.

A journal of approved purchases, a thousand a second, the last of them just now; then a real router
starts on it, with a repeat window of a day and of 200,000 purchases, the default.
"""
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from router.net.journal_file import JournalFile
from specs.journal_format import Answered, Forwarded, Parts, Record, kept_message
from tests.net.acquirer_peer import CARD
from tests.net.house import House, empty_house
from tests.net.hsm_peer import HsmPeer, hsm_peer, xored
from tests.net.issuer_peer import issuer_peer

KEY = bytes(range(32))
PER_SECOND = 1000
GROUP = 64
REPEATS_MAX = 200_000
START_WITHIN_S = 600.0


class Wall:
    """The time at which the purchases were made."""

    def __init__(self, seconds_ago: float) -> None:
        self.time = time.time() - seconds_ago

    def __call__(self) -> float:
        return self.time


def write(folder: Path, transactions: int, repeats_max: int) -> None:
    """As a router would have."""
    wall = Wall(transactions / PER_SECOND)
    file = JournalFile(folder, wall)
    file.begin_with(KEY, xored(KEY.hex().encode()).decode())
    file.unlock(KEY)
    list(file.replay(86_400.0, repeats_max))
    file._database.execute("PRAGMA synchronous = OFF")  # it is the reading that is measured
    for first in range(0, transactions, GROUP):
        wall.time += GROUP / PER_SECOND
        file.append(list(purchases(first, min(first + GROUP, transactions))))
    file.close()


def purchases(first: int, behind: int) -> Iterator[Record]:
    for number in range(first, behind):
        stan, rrn, sent = f"{number % 1_000_000:06d}", f"{number:012d}", "1124101500"
        about = Parts(sent, "medina", "10", stan, "504001", "TERM0001", rrn, "", "", CARD,
                      "000000", "504", "000000010000").about("0100")
        values = {2: CARD, 3: "000000", 4: "000000010000", 7: sent, 11: stan, 12: "101500",
                  13: "1124", 18: "5411", 22: "051", 25: "00", 32: "504001", 33: "504900", 37: rrn,
                  41: "TERM0001", 42: "MERCHANT0000001", 49: "504"}
        yield Forwarded(about, "atlas", "atlas-1", kept_message("0100", values))
        yield Answered(about, "00", True, {38: "A00001"})


async def started(
        folder: Path, hsm: HsmPeer, repeats_max: int) -> tuple[dict[str, Any], int, float]:
    """The event that ends the replay; then the process's memory (megabytes) and CPU (seconds)."""
    async with issuer_peer() as issuer, empty_house(folder, hsm, as_process=True) as router:
        router.configure({"atlas": [issuer.address]}, {"950401": "atlas"},
                         f"repeats_max = {repeats_max}\nrepeat_window_s = 86400\n")
        await router.launch()
        shown = asyncio.create_task(show_progress(router))
        replayed = await router.logged("journal_replayed", within_s=START_WITHIN_S)
        await router.logged("router_ready", within_s=60.0)
        shown.cancel()
        assert router.process is not None
        return replayed, *cost_of(router.process.pid)


def cost_of(process: int) -> tuple[int, float]:
    """The most memory, and the time on a core, so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return most, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


async def show_progress(router: House) -> None:
    seen = 0
    while True:
        said = router.events("journal_replaying")
        for one in said[seen:]:
            print(f"  row {one['row']:,} of {one['rows']:,}", flush=True)  # noqa: T201
        seen = len(said)
        await asyncio.sleep(0.5)


def size_of(folder: Path) -> int:
    """Megabytes of its segments."""
    return sum(path.stat().st_size for path in folder.rglob("*.sqlite")) >> 20


async def measure(transactions: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        write(folder / "state" / "router", transactions, REPEATS_MAX)
        size = size_of(folder)
        print(f"{transactions:,} transactions written in {time.monotonic() - began:.0f} s,"  # noqa: T201
              f" {size} MB; a router starts:", flush=True)
        async with hsm_peer() as hsm:
            replayed, megabytes, cpu_s = await started(folder, hsm, REPEATS_MAX)
        print(f"  {replayed['records']:,} records in {replayed['rows']:,} rows read in"  # noqa: T201
              f" {replayed['seconds']} s; {cpu_s:.1f} s on a core and {megabytes} MB at most for"
              " the whole start", flush=True)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1])))
