"""Searching gives the same with the index, without it, and with one that is behind."""
import contextlib
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from noyau.journal.facts import Place, Wanted, place_from, time_from
from noyau.journal.following import follow
from noyau.journal.index import NAME, Index
from noyau.journal.noting import Recent, note
from noyau.journal.opening import Worker
from noyau.journal.pairs import Buckets, rows_in
from noyau.journal.searching import find, story
from specs.journal_format import (
    About,
    Answered,
    Ended,
    Forwarded,
    Parts,
    Record,
    Reversed,
    Stored,
    kept_message,
)
from specs.journal_reading import JournalReader
from specs.journal_seal import Seal
from specs.journal_segments import segments_in
from tests.net.journal_records import DAY_S, NOON, PAN, SEAL, Wall, opened, replayed
from tests.net.test_journal_segments import Kept as KeptByDays

OTHER_PAN = "9504010000000019"
CARDS = (PAN, OTHER_PAN)


def about(number: int) -> About:
    acquirer = "medina" if number % 3 else "souk"
    stan, terminal, rrn = f"{number:06d}", f"TERM000{number % 4}", f"{number:012d}"
    amount, card = f"{number:012d}", CARDS[number % 2]
    parts = Parts("0115120000", acquirer, "10", stan, "504001", terminal, rrn, pan=card,
                  processing_code="000000", currency="504", amount=amount)
    return parts.about("0100")


def forwarded(number: int) -> Forwarded:
    issuer = "atlas" if number % 5 else "bahia"
    sent = {2: CARDS[number % 2], 7: "0115120000", 11: f"{number:06d}"}
    return Forwarded(about(number), issuer, f"{issuer}-1", kept_message("0100", sent))


def answered(number: int) -> Answered:
    return Answered(about(number), "00", True, {38: "A00001"})


def stored(number: int) -> Stored:
    kept = kept_message("0420", {2: CARDS[number % 2], 11: "900001"})
    entry = ("atlas", "0420", f"9{number:05d}", "0115120000")
    return Stored(entry, about(number), "atlas", "", kept, None, False)


def a_day(folder: Path, transactions: int) -> Worker:
    """A group a minute: each transaction forwarded in one and answered in the next."""
    wall = Wall()
    file = opened(folder, wall)
    replayed(file)
    before: list[Record] = []
    for number in range(1, transactions + 1):
        wall.time += 60.0
        file.append([*before, forwarded(number)])
        before = [answered(number)]
    file.close()
    return Worker("0", folder / "worker-0", SEAL)


def followed(worker: Worker) -> None:
    follow(worker, threading.Event(), only_once=True, says=lambda _row, _rows: None)


def cut_back(worker: Worker, row: int) -> None:
    """The index as it was at that row."""
    (worker.folder / NAME).unlink()
    index = Index(worker.folder, SEAL, writes=True)
    index.note([one for one in JournalReader(worker.folder, SEAL).rows() if one.number <= row])
    index.write()
    index.close()


WANTED = [
    Wanted(pan=PAN), Wanted(pan="9504010000000027"), Wanted(rrn=f"{7:012d}"), Wanted(stan="000008"),
    Wanted(terminal="TERM0001"), Wanted(acquirer="souk"), Wanted(issuer="bahia"),
    Wanted(pan=OTHER_PAN, since=int(NOON + 600) * 1000, until=int(NOON + 1500) * 1000), Wanted(),
]


@pytest.mark.parametrize("limit", [3, 100])
def test_the_index_changes_nothing_but_the_time_it_takes(tmp_path: Path, limit: int) -> None:
    worker = a_day(tmp_path, 40)
    without = [find(worker, wanted, limit) for wanted in WANTED]
    followed(worker)
    assert [find(worker, wanted, limit) for wanted in WANTED] == without
    for row in (1, 20, 39):
        cut_back(worker, row)
        assert [find(worker, wanted, limit) for wanted in WANTED] == without
    assert [len(found) for found in without] == [
        min(limit, number) for number in (20, 0, 1, 1, 10, 13, 8, 7, 40)]


def test_the_latest_comes_first_and_names_its_first_record(tmp_path: Path) -> None:
    worker = a_day(tmp_path, 5)
    found = find(worker, Wanted(), 2)
    assert [(one.facts.rrn, str(one.place)) for one in found] == [
        (f"{5:012d}", "0:5.1"), (f"{4:012d}", "0:4.1")]


@pytest.mark.parametrize("index_at", [0, 2, 9])
def test_a_story_has_every_record_and_those_of_its_entries(
        tmp_path: Path, index_at: int) -> None:
    """And nobody else's; the end of the entry comes days later."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    groups: list[list[Record]] = [
        [forwarded(1), forwarded(2)], [answered(2)], [Reversed(about(1), False), stored(1)],
        [answered(1), stored(2)], [Ended(stored(2).id, False)], [Ended(stored(1).id, True)],
        [Ended(stored(1).id, False, "fatima", "paid by hand")]]
    for group in groups:
        wall.time += DAY_S
        file.prepare()
        file.append(group)
    file.close()
    worker = Worker("0", tmp_path / "worker-0", SEAL)
    if index_at:
        followed(worker)
        cut_back(worker, index_at)
    (one,) = find(worker, Wanted(rrn=f"{1:012d}"), 10)
    told = [told.entry for told in story(worker, one.place)]
    assert told == [forwarded(1), Reversed(about(1), False), stored(1), answered(1),
                    Ended(stored(1).id, True), Ended(stored(1).id, False, "fatima", "paid by hand")]


def test_what_is_no_transaction_has_no_story(tmp_path: Path) -> None:
    worker = a_day(tmp_path, 2)
    assert story(worker, Place("0", 1, 0)) == []  # the journal about itself
    assert story(worker, Place("0", 1, 99)) == []
    assert story(worker, Place("0", 99, 0)) == []


def test_what_retention_took_is_found_no_more(tmp_path: Path) -> None:
    kept = KeptByDays(tmp_path, Wall(), 1, None)
    worker = Worker("0", tmp_path / "worker-0", SEAL)
    kept.day(forwarded(1), answered(1))
    followed(worker)
    assert len(find(worker, Wanted(), 10)) == 1
    for number in (2, 3):
        kept.day(forwarded(number), answered(number))
    kept.file.close()
    assert segments_in(worker.folder)[0].number > 2
    for _ in range(2):
        assert [one.facts.rrn for one in find(worker, Wanted(), 10)] == [f"{3:012d}", f"{2:012d}"]
        followed(worker)


def a_mixed_day(folder: Path, seed: int, after_each: Callable[[Worker], None]) -> Worker:
    """Answers that come late or without a request sent, reversals, stored entries; in any order."""
    chance = random.Random(seed)
    wall = Wall()
    file = opened(folder, wall)
    replayed(file)
    worker = Worker("0", folder / "worker-0", SEAL)
    waiting: list[Record] = []
    for number in range(1, 61):
        wall.time += 60.0
        begun: list[Record] = [forwarded(number)] if number % 7 else []
        waiting.append(answered(number))
        if number % 4 == 0:
            ended = Ended(stored(number).id, False)
            waiting += [Reversed(about(number), False), stored(number), ended]
        cut = chance.randrange(len(waiting) + 1)
        file.append([*begun, *waiting[:cut]] or [answered(number)])
        del waiting[:cut]
        after_each(worker)
    file.append(waiting or [answered(60)])
    file.close()
    return worker


@pytest.mark.parametrize("seed", range(6))
def test_however_often_the_follower_began_again_and_in_however_many_parts_it_is_the_same(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """What it noted lately it knows no more; each is still found by its first record."""
    monkeypatch.setattr("noyau.journal.index.PART_RECORDS", 9)
    monkeypatch.setattr("noyau.journal.noting.RECENT_MAX", 4)
    chance = random.Random(seed)
    worker = a_mixed_day(
        tmp_path, seed, lambda one: followed(one) if chance.random() < 0.3 else None)
    with_index = [found(worker, wanted) for wanted in WANTED]
    stories = [stories_of(worker, wanted) for wanted in WANTED]
    (worker.folder / NAME).unlink()
    assert with_index == [found(worker, wanted) for wanted in WANTED]
    assert stories == [stories_of(worker, wanted) for wanted in WANTED]
    assert len(with_index[-1]) == 60


def found(worker: Worker, wanted: Wanted) -> list[str]:
    return [str(one.place) for one in find(worker, wanted, 100)]


def stories_of(worker: Worker, wanted: Wanted) -> list[list[str]]:
    return [[str(told.place) for told in story(worker, one.place)]
            for one in find(worker, wanted, 5)]


def test_an_answer_is_noted_by_its_key_alone_while_its_request_is_remembered(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later ones are noted anew: found all the same, for more room."""
    monkeypatch.setattr("noyau.journal.noting.RECENT_MAX", 4)
    file = opened(tmp_path, Wall())
    replayed(file)
    file.append([forwarded(number) for number in range(1, 11)])
    file.append([answered(number) for number in range(1, 11)])
    rows = list(JournalReader(tmp_path / "worker-0", SEAL).rows())
    file.close()
    buckets, recent = Buckets(), Recent()
    assert [note([row], buckets, SEAL, recent) for row in rows] == [10, 0]
    recent.turn()
    assert note(rows[1:], buckets, SEAL, recent) == 0
    recent = Recent()
    assert [note([row], buckets, SEAL, recent) for row in reversed(rows)] == [10, 10]


def test_where_all_have_one_token_only_what_is_asked_for_is_found(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token says where to look; the rows say what is there."""
    worker = a_day(tmp_path, 40)
    without = [found(worker, wanted) for wanted in WANTED]
    monkeypatch.setattr("noyau.journal.index.token_of", lambda _kind, _text: 77)
    monkeypatch.setattr("noyau.journal.index.key_token", lambda _key: 77)
    monkeypatch.setattr("noyau.journal.noting.crc32", lambda _text, _kind: 77)
    monkeypatch.setattr(Seal, "card_tokens", lambda _self, pans: [77] * len(pans))
    followed(worker)
    assert [found(worker, wanted) for wanted in WANTED] == without


def test_rows_beyond_32_bits_come_back_whole() -> None:
    """A pair has the lower ones; its part has the rest."""
    buckets = Buckets()
    rows = [2**32 - 2, 2**32 - 1, 2**32, 2**32 + 5]
    for row in rows:
        buckets.add(7, row)
    ((_, pairs),) = buckets.taken()
    assert rows_in(pairs, 7, rows[0], rows[-1]) == set(rows)
    assert rows_in(pairs, 7, rows[1], rows[-1]) == set(rows[1:])
    assert rows_in(pairs, 8, rows[0], rows[-1]) == set()


def test_what_only_looks_like_a_token_is_none() -> None:
    """The bytes of a token across two pairs."""
    buckets = Buckets()
    buckets.add(0x00000101, 0x01010101)
    ((_, pairs),) = buckets.taken()
    assert rows_in(pairs, 0x01010000, 0, 2**32 - 1) == set()


@pytest.mark.parametrize("pan", [PAN, "95040100000000001", "9504010000000000019", "", "x" * 40])
def test_a_card_has_its_token_whoever_is_beside_it(pan: str) -> None:
    alone = SEAL.card_tokens([pan])
    assert SEAL.card_tokens([pan, OTHER_PAN])[:1] == alone
    assert SEAL.card_tokens(["no digits", pan])[1:] == alone
    assert SEAL.card_tokens([OTHER_PAN]) != alone
    assert Seal(bytes(32)).card_tokens([pan]) != alone


def test_the_index_holds_no_card_number(tmp_path: Path) -> None:
    """Nor a token that is made without the key."""
    worker = a_day(tmp_path, 4)
    followed(worker)
    held = (worker.folder / NAME).read_bytes()
    for pan in CARDS:
        assert pan.encode() not in held
        assert SEAL.card_tokens([pan])[0].to_bytes(4, "little") in held
        for plain in (crc32(pan.encode(), kind) for kind in range(8)):
            assert plain.to_bytes(4, "little") not in held


def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    worker = a_day(tmp_path, 4)
    followed(worker)
    database = sqlite3.connect(worker.folder / NAME)
    database.executescript("DROP TABLE buckets; PRAGMA user_version = 1")
    database.close()
    assert len(find(worker, Wanted(), 10)) == 4
    followed(worker)
    with contextlib.closing(Index(worker.folder, SEAL)) as index:
        assert len(list(index.rows_for(Wanted(rrn=f"{3:012d}")))) == 1


@pytest.mark.parametrize("text", ["0:12.3", "12.3"])
def test_a_place_is_read_as_it_is_written(text: str) -> None:
    assert place_from(text) == Place("0", 12, 3)


@pytest.mark.parametrize("text", ["2027-01-15T12:00+01:00", "2027-01-15T11:00"])
def test_a_time_without_an_offset_is_utc(text: str) -> None:
    assert time_from(text) == int(NOON - 3600) * 1000
