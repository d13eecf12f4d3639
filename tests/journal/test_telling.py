"""The follower tells the log what was answered: each once, whatever becomes of the index."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from noyau.journal.following import follow
from noyau.journal.index import NAME
from noyau.journal.opening import Worker
from specs.journal_format import Answered, Exchange, Record
from specs.journal_told import NAME as TOLD
from tests.journal.test_searching import about, answered, forwarded
from tests.net.journal_records import PAN, SEAL, Wall, opened, replayed

COURSE = Exchange("bahia", "900001", "issuer", "issuer", 800, 12_000, 15_000)


def told_answer(number: int, **changed: str) -> Answered:
    """With the exchange that it answers."""
    return replace(answered(number), exchange=replace(COURSE, **changed))


class House:
    """A journal that grows, and the file that a follower writes to."""

    def __init__(self, folder: Path) -> None:
        self._file = opened(folder, Wall())
        replayed(self._file)
        self.worker = Worker("0", folder / "worker-0", SEAL)
        self._log = folder / "log"

    def writes(self, *records: Record) -> None:
        self._file.append(list(records))

    def follow(self) -> list[dict[str, Any]]:
        """What one run of the follower tells."""
        before = self._log.stat().st_size if self._log.exists() else 0
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        follow(self.worker, threading.Event(), True, lambda _row, _rows: None, log)
        os.close(log)
        return [json.loads(line) for line in self._log.read_bytes()[before:].splitlines()]


def test_an_answer_is_told_with_its_place_and_no_card(tmp_path: Path) -> None:
    """What nobody waited for has no event."""
    house = House(tmp_path)
    house.writes(forwarded(1), forwarded(2))
    house.writes(answered(2), told_answer(1))
    (event,) = house.follow()
    assert event == {
        "event": "transaction", "id": "0:2.1", "mti": "0100", "stan": "000001",
        "issuer_stan": "900001", "rrn": f"{1:012d}", "acquirer": about(1).parts.acquirer,
        "issuer": "bahia", "pan_masked": event["pan_masked"], "amount_minor": 1,
        "currency": "504", "response_code": "00", "decided_by": "issuer", "ended_in": "issuer",
        "hsm_us": 800, "issuer_us": 12_000, "recorded_us": 15_000, "level": "info",
        "at": event["at"],
    }  # fmt: skip
    assert event["pan_masked"][6:-4] == "******"
    assert event["at"].endswith("Z")


def test_each_is_told_once_though_the_index_is_lost(tmp_path: Path) -> None:
    """The index is made again; what was told stands elsewhere."""
    house = House(tmp_path)
    house.writes(told_answer(1))
    assert [one["stan"] for one in house.follow()] == ["000001"]
    house.writes(told_answer(2))
    assert [one["stan"] for one in house.follow()] == ["000002"]
    (house.worker.folder / NAME).unlink()
    assert house.follow() == []
    house.writes(told_answer(3))
    assert [one["stan"] for one in house.follow()] == ["000003"]


def test_what_a_killed_follower_may_not_have_told_is_told_again(tmp_path: Path) -> None:
    """Under the same id: at least once."""
    house = House(tmp_path)
    house.writes(told_answer(1))
    house.follow()
    before = (house.worker.folder / TOLD).read_bytes()
    house.writes(told_answer(2))
    first = house.follow()
    (house.worker.folder / TOLD).write_bytes(before)  # as if killed before it noted so
    assert house.follow() == first


def test_what_looks_like_a_card_is_masked(tmp_path: Path) -> None:
    """Whoever let it into a record."""
    house = House(tmp_path)
    house.writes(told_answer(1, issuer_stan=PAN))
    (event,) = house.follow()
    assert PAN not in json.dumps(event)
