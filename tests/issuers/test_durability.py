"""The ledger outlives its host: what was answered is held after kill -9, and answered again."""
import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from issuers.holds import NoLedger, holds
from issuers.ledger import Ledger
from issuers.state import AlreadyRuns, ledger_path
from tests.issuers.acquirer import WITHIN_S, purchase, repeat, reversal
from tests.issuers.bank import SETTINGS, bank_process, running_bank

AT_ONCE = 200


async def test_a_killed_host_knows_what_it_answered(tmp_path: Path) -> None:
    """kill -9 under load: each answer heard before is given again after, to its repeat."""
    async with bank_process(tmp_path) as process:
        bank = await process.start()
        acquirer = await bank.connected()
        requests = {request["11"]: request for request in (purchase(de4="000000000001")
                                                           for _ in range(AT_ONCE))}
        for request in requests.values():
            acquirer.sends(request)
        heard = {}
        for _ in range(AT_ONCE // 4):
            answer = await acquirer.hears()
            heard[answer["11"]] = answer
        await process.killed()

        bank = await process.start()
        acquirer = await bank.connected()
        for stan, answer in heard.items():
            assert await acquirer.asks(repeat(requests[stan])) == answer
        for request in requests.values():
            acquirer.sends(repeat(request))
        assert {(await acquirer.hears())["39"] for _ in requests} == {"00"}
        assert bank.held_minor() == AT_ONCE
        for request in requests.values():
            acquirer.sends(reversal(request))
        assert {(await acquirer.hears())["39"] for _ in requests} == {"00"}
        assert bank.held_minor() == 0
        assert (await process.terminated())[0] == 0


async def test_accounts_are_rebuilt_at_start(tmp_path: Path) -> None:
    """The balance counts what was spent before the restart."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(purchase(de4="000000060000")))["39"] == "00"
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(purchase(de4="000000060000")))["39"] == "51"
        assert (await acquirer.asks(purchase(de4="000000040000")))["39"] == "00"


async def test_a_group_is_on_the_disk_before_it_counts(tmp_path: Path) -> None:
    """No test can cut the power; that the writer syncs each commit can be asked."""
    ledger = Ledger(tmp_path / "atlas.sqlite")
    asked = [ledger._writer.execute(f"PRAGMA {name}").fetchone()[0]
             for name in ("journal_mode", "synchronous")]
    ledger.close()
    assert asked == ["wal", 2]


async def test_sigterm_answers_what_is_in_progress(tmp_path: Path) -> None:
    """Requests that were read are answered, then the process ends with 0 and valid JSON logs."""
    async with bank_process(tmp_path) as process:
        bank = await process.start()
        acquirer = await bank.connected()
        requests = [purchase(de4="000000000001") for _ in range(AT_ONCE)]
        for request in requests:
            acquirer.sends(request)
        first = await acquirer.hears()
        code, logged = await process.terminated()
        answered = {first["11"]} | {(await acquirer.hears())["11"]
                                    for _ in range(bank.held_minor() - 1)}
        assert code == 0
        assert await acquirer.hears_the_end()
        assert answered <= {request["11"] for request in requests}
        assert json.loads(logged.splitlines()[-1])["event"] == "stopped"


async def test_neither_ledger_nor_log_holds_card_data(tmp_path: Path) -> None:
    """PAN, track 2 and PIN block of what was asked are in no file and in no line logged."""
    secrets = {"de2": "9504000000000010", "de35": "9504000000000010=301220112345678",
               "de52": "A1A2A3A4A5A6A7A8"}
    async with bank_process(tmp_path, SETTINGS + 'log_level = "debug"\n') as process:
        bank = await process.start()
        acquirer = await bank.connected()
        await acquirer.asks(purchase(**secrets))
        await acquirer.asks(purchase(**secrets, de4=None))
        acquirer.sends_bytes(b"0100" + b"7" * 16 + secrets["de2"].encode())
        await acquirer.asks(purchase())
        written = b"".join(path.read_bytes() for path in (bank.state / "issuers").iterdir()
                           if path.is_file())
        _, logged = await process.terminated()
        said = written + logged.encode() + ledger_path(bank.state, "atlas").read_bytes()
        assert b"950400******0010" in said
        for secret in ("9504000000000010", "2345678", "A1A2A3A4A5A6A7A8"):
            assert secret.encode() not in said


async def test_a_ledger_has_one_host(tmp_path: Path) -> None:
    """A second host on the same state is refused while the first runs."""
    async with running_bank(tmp_path):
        with pytest.raises(AlreadyRuns):
            async with running_bank(tmp_path):
                pass


async def test_a_ledger_that_cannot_be_written_ends_the_host_unanswered(tmp_path: Path) -> None:
    """The disk refuses the commit: nobody hears an approval that a restart would not know."""
    async with bank_process(tmp_path) as process:
        bank = await process.start()
        acquirer = await bank.connected()
        with sqlite3.connect(ledger_path(bank.state, "atlas")) as ledger:
            ledger.execute("CREATE TRIGGER full BEFORE INSERT ON entries"
                           " BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        ledger.close()
        acquirer.sends(purchase())
        assert await acquirer.hears_the_end()
        assert await asyncio.wait_for(process.ended(), WITHIN_S) == 1


def test_no_ledger_is_said_so(tmp_path: Path) -> None:
    """A wrong name or state folder is an error, not an empty list."""
    with pytest.raises(NoLedger):
        holds(ledger_path(tmp_path, "nobody"), everything=False)
