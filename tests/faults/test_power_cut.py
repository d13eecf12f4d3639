"""The power is cut under load: no approval that was heard is lost, no request that left forgotten.

`make power-cut CUTS=20` does it often; here it is done once.
"""
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

from noyau.journal.opening import Worker
from noyau.journal.verifying import verified
from router.net.journal_retention import Retention
from specs.journal_format import Forwarded, Record
from tests.faults.own_disk import OwnDisk, own_disk
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.net.journal_records import (
    DAY_S,
    SEAL,
    Wall,
    about,
    forwarded,
    opened,
    read,
    replayed,
)

CUTS = int(os.environ.get("CUTS", "1"))
LOAD_S = 1.5
ACQUIRERS = 16


class Load:
    """Acquirers that buy without a pause, each on a link of its own."""

    def __init__(self, address: str) -> None:
        self.approved: list[dict[str, str]] = []
        self._address = address

    async def run(self) -> None:
        """Until they are cancelled, or the router is gone."""
        await asyncio.gather(*(self._buy() for _ in range(ACQUIRERS)))

    async def _buy(self) -> None:
        async with acquirer_peer(self._address) as acquirer:
            while True:
                request = purchase()
                try:
                    answer = await acquirer.asks(request, within_s=60.0)
                except (asyncio.IncompleteReadError, ConnectionError):
                    return
                if answer["39"] == "00":
                    self.approved.append(request)


async def test_a_power_cut_loses_no_answered_record(tmp_path: Path) -> None:
    """Each cut at another moment; the journal is whole, and what was in flight is reversed."""
    with own_disk(tmp_path, megabytes=256) as disk:
        async with AsyncExitStack() as peers:
            hsm = await peers.enter_async_context(hsm_peer())
            issuer = await peers.enter_async_context(issuer_peer())
            router = await peers.enter_async_context(
                house(tmp_path, hsm, issuer, as_process=True, connections_max=str(ACQUIRERS + 1)))
            await router.stop()
            router.state = disk.path / "state"
            await router.start()
            for cut in range(CUTS):
                heard = await power_cut(router, disk, LOAD_S + 0.37 * cut % 1.0)
                await nothing_is_lost(router, issuer, heard)
                print(f"cut {cut + 1} of {CUTS}: {len(heard)} approvals heard, none lost")  # noqa: T201 - for `make power-cut`


def test_a_power_cut_at_the_turn_of_the_day_loses_nothing(tmp_path: Path) -> None:
    """Before, between and after each step of a roll and of what retention takes away."""
    with own_disk(tmp_path) as disk:
        wall = Wall()
        folder = disk.path / "state"
        file = opened(folder, wall)
        replayed(file)
        retention = Retention(file, 1, None, lambda: date(2027, 2, 1))
        durable: list[list[Record]] = []
        cuts: list[tuple[Path, list[list[Record]]]] = []

        def commit(stan: str) -> None:
            file.append([forwarded(stan)])
            durable.append([forwarded(stan)])

        steps: list[Callable[[], None]] = [
            lambda: commit("000001"), file.write_head, file.prepare, lambda: commit("000002"),
            file.finish, file.write_head, lambda: commit("000003"), retention.step,
            lambda: commit("000004"), retention.step, file.checkpoint, file.close]
        for number, step in enumerate(steps):
            if number in (2, 7):
                wall.time += DAY_S
            step()
            cuts.append((disk.power_cut_copy(), list(durable)))
        for copy, confirmed in cuts:
            disk.go_on_with(copy)
            found = {one.about.key for group in read(folder, wall) for one in group
                     if isinstance(one, Forwarded)}
            assert found == {
                about(f"{stan:06d}").key for stan in range(1, len(confirmed) + 1)}
            assert verified(Worker("0", folder / "worker-0", SEAL), None, lambda *_: None).is_whole


async def power_cut(router: House, disk: OwnDisk, load_s: float) -> list[dict[str, str]]:
    """The approvals that were heard. The router is started again on what the disk kept."""
    load = Load(router.acquirer)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(load_s)
    router.signal(signal.SIGSTOP)
    copy = disk.power_cut_copy()
    await asyncio.sleep(0.2)  # what had been said is heard
    await router.kill()
    await running
    disk.go_on_with(copy)
    await router.start()
    return load.approved


async def nothing_is_lost(
        router: House, issuer: IssuerPeer, heard: list[dict[str, str]]) -> None:
    assert heard
    exported = await exported_by(router)
    answered = {one["rrn"] for one in exported if one["record"] == "answered" and one["approves"]}
    assert not {one["37"] for one in heard} - answered
    forwarded = {one["rrn"] for one in exported if one["record"] == "forwarded"}
    holds = {one["37"] for one in issuer.of("0100")}
    assert not holds - forwarded, "a request left before its record was durable"
    in_flight = holds - {one["rrn"] for one in exported if one["record"] == "answered"}
    for rrn in in_flight:
        assert [one for one in issuer.of("0420", "0421") if one["37"] == rrn]
    async with acquirer_peer(router.acquirer) as acquirer:
        for request in heard[-20:]:
            assert (await acquirer.asks({**request, "t": "0101"}))["39"] == "00"


async def exported_by(router: House) -> list[dict[str, object]]:
    """What `noyau journal export` says beside the running router, after `verify` found it whole."""
    for command in ("verify", "export"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "noyau", "journal", command, "--config", str(router.config),
            "--state", str(router.state), stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
    return [json.loads(line) for line in out.splitlines()]
