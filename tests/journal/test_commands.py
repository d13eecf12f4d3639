"""`noyau journal` beside a router that runs, and without it; no card number in what it prints."""
import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from noyau.journal.facts import Wanted
from noyau.journal.index import Index
from router.net.waiting import until
from specs.journal_seal import Seal
from specs.journal_segments import segments_in
from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import HsmPeer, hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Place:
    """A router's house, and the command line beside it."""

    house: House
    hsm: HsmPeer
    issuer: IssuerPeer

    @property
    def worker(self) -> Path:
        return self.house.state / "router" / "worker-0"

    async def journal(self, *words: str, typed: str = "") -> Said:
        """`noyau journal WORDS`, standard input included."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "noyau", "journal", *words, "--config", str(self.house.config),
            "--state", str(self.house.state), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(20):
            out, err = await process.communicate(typed.encode())
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(folder, hsm, issuer) as router:
        yield Place(router, hsm, issuer)


async def two_purchases(one: Place) -> tuple[str, str]:
    """One approved, one silent and reversed; their RRNs."""
    async with acquirer_peer(one.house.acquirer) as acquirer:
        approved = purchase()
        assert (await acquirer.asks(approved))["39"] == "00"
        one.issuer.silent_to.add("0100")
        silent = purchase()
        assert (await acquirer.asks(silent))["39"] == "91"
        await one.issuer.hears("0420")
    return approved["37"], silent["37"]


async def test_a_transaction_is_found_and_its_story_told(tmp_path: Path) -> None:
    """While the router runs; masked; the same with the index and without it."""
    async with place(tmp_path) as one:
        approved, silent = await two_purchases(one)
        pan = purchase()["2"]
        without = await one.journal("find", "--pan", "--json", typed=f"{pan}\n")
        assert without.code == 0
        assert [found["rrn"] for found in without.objects] == [silent, approved]
        assert {found["issuer"] for found in without.objects} == {"atlas"}
        assert (await one.journal("follow", "--once")).code == 0
        async with acquirer_peer(one.house.acquirer) as acquirer:
            one.issuer.silent_to.clear()
            later = purchase()
            await acquirer.asks(later)
        behind = await one.journal("find", "--pan", "--json", typed=f"{pan}\n")
        assert [found["rrn"] for found in behind.objects] == [later["37"], silent, approved]
        told = await one.journal("show", behind.objects[1]["id"], "--json")
        kinds = [record["record"] for record in told.objects]
        assert kinds[:1] == ["forwarded"]
        assert sorted(kinds[1:]) == ["answered", "ended", "reversed", "stored"]
        by_eye = await one.journal("show", behind.objects[1]["id"])
        words = [line.split()[2] for line in by_eye.out.splitlines() if line[:2] == "20"]
        assert words == kinds
        assert "acknowledged" in by_eye.out
        for said in (without, behind, told, by_eye):
            assert pan not in said.out + said.err
        assert f"{pan[:6]}******{pan[-4:]}" in by_eye.out


async def test_searches_that_find_nothing_say_so(tmp_path: Path) -> None:
    async with place(tmp_path) as one:
        approved, silent = await two_purchases(one)
        by_rrn = await one.journal("find", "--rrn", approved, "--json")
        assert [found["rrn"] for found in by_rrn.objects] == [approved]
        assert (await one.journal("find", "--until", "2020-01-01")).code == 1
        assert (await one.journal("find", "--since", "yesterday")).code == 2
        assert (await one.journal("find", "--pan", typed="")).code == 2
        assert (await one.journal("show", "0:999999.0")).code == 1
        assert (await one.journal("show", "the last one")).code == 2
        assert silent


async def test_verify_names_the_first_bad_row(tmp_path: Path) -> None:
    """Whole while the router runs; a head kept elsewhere proves it later; touched, it is seen."""
    async with place(tmp_path) as one:
        await two_purchases(one)
        whole = await one.journal("verify", "--json")
        assert whole.code == 0
        (verdict,) = whole.objects
        assert verdict["is_whole"]
        assert verdict["runs"] == 1
        await one.house.stop()
        assert (await one.journal("verify", "--head", verdict["head"])).code == 0
        (segment,) = segments_in(one.worker)
        last, _, _ = verdict["head"].partition(":")
        other = await one.journal("verify", "--head", f"{last}:{'00' * 16}", "--json")
        assert (other.code, other.objects[0]["row"]) == (1, int(last))
        database = sqlite3.connect(segment.path)
        database.execute("UPDATE groups SET sealed = zeroblob(100) WHERE id = 3")
        database.commit()
        database.close()
        bad = await one.journal("verify", "--json")
        assert bad.code == 1
        assert (bad.objects[0]["file"], bad.objects[0]["row"]) == (str(segment.path), 3)
        exported = await one.journal("export")
        assert exported.code == 1
        assert "row 3 of table groups: it was changed" in exported.err


async def test_export_is_every_record_masked(tmp_path: Path) -> None:
    async with place(tmp_path) as one:
        await two_purchases(one)
        exported = await one.journal("export")
        assert exported.code == 0
        kinds = [record["record"] for record in exported.objects]
        assert kinds[:3] == ["segment_began", "run_began", "carried"]
        assert kinds.count("forwarded") == 2
        pan = purchase()["2"]
        assert pan not in exported.out
        sent = next(one for one in exported.objects if one["record"] == "forwarded")["sent"]
        assert (sent["t"], sent["2"]) == ("0100", f"{pan[:6]}******{pan[-4:]}")


async def test_without_its_hsm_the_journal_stays_closed(tmp_path: Path) -> None:
    async with place(tmp_path) as one:
        await one.house.stop()
        await one.hsm.stop()
        said = await one.journal("verify")
        assert said.code == 2
        assert "HSM" in said.err


async def test_where_there_is_no_journal_it_says_so(tmp_path: Path) -> None:
    async with place(tmp_path) as one:
        elsewhere = await one.journal("verify", "--folder", str(tmp_path))
        assert elsewhere.code == 2
        assert "there is no journal" in elsewhere.err


@pytest.mark.parametrize("damage", ["garbage", "of another journal"])
async def test_an_index_that_does_not_fit_is_made_again(tmp_path: Path, damage: str) -> None:
    """And until then the journal itself is searched."""
    async with place(tmp_path) as one:
        approved, _ = await two_purchases(one)
        index = one.worker / "index.sqlite"
        if damage == "garbage":
            index.write_bytes(b"no database at all" * 1000)
        else:
            assert (await one.journal("follow", "--once")).code == 0
            database = sqlite3.connect(index)
            database.execute("UPDATE followed SET tag = zeroblob(16)")
            database.execute("DELETE FROM buckets")
            database.commit()
            database.close()
        for _ in range(2):
            found = await one.journal("find", "--rrn", approved, "--json")
            assert [one["rrn"] for one in found.objects] == [approved]
            assert (await one.journal("follow", "--once")).code == 0
        database = sqlite3.connect(index)
        (parts,) = database.execute("SELECT count(*) FROM parts").fetchone()
        database.close()
        assert parts == 1


async def test_the_router_starts_the_follower_and_it_ends_with_it(tmp_path: Path) -> None:
    """Even where the router is killed: its standard input ends."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True,
            router='[journal]\nfollow = true\n') as router:
        one = Place(router, hsm, issuer)
        started = await router.logged("follower_started")
        assert os.sched_getscheduler(started["process"]) == os.SCHED_IDLE
        approved, _ = await two_purchases(one)
        assert await until(lambda: is_in_index(one.worker, approved), 10.0)
        event = await router.logged("transaction")
        assert (event["rrn"], event["response_code"]) == (approved, "00")
        assert event["id"].startswith("0:")
        await router.kill()
        assert await until(lambda: not is_running(started["process"]), 10.0)


def is_in_index(worker: Path, rrn: str) -> bool:
    try:
        index = Index(worker, Seal(bytes(32)))  # no key is needed for an RRN
    except (FileNotFoundError, sqlite3.DatabaseError):
        return False  # not made yet
    with contextlib.closing(index):
        return bool(list(index.rows_for(Wanted(rrn=rrn))))


def is_running(process: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
