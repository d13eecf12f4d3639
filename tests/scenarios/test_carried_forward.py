"""A start from a row that states what is open does what a start from the beginning would do.

A day of purchases, silences, reversals, refusals and advices, cut at any place: what is before the
cut is known by what `StillOpen` carries over it, what is behind it is read.
"""

from collections.abc import Iterator
from random import Random

import pytest

from router.net.still_open import StillOpen
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Answered, Record, Reversed, StandInMode, StoodIn, Stored
from tests.builders import purchase, reversal
from tests.net.journal_records import about, answered, ended, forwarded, stored
from tests.switching.desk import Desk, bank

COMPARED = (DE.RRN, DE.AMOUNT, DE.ORIGINAL_DATA, DE.REPLACEMENT_AMOUNTS)
ACTIONS = ("approved", "declined", "silent", "in flight", "reversed", "partly reversed", "advice",
           "line falls", "deliver", "refuse", "wait")  # fmt: skip


def a_day(seed: int) -> Iterator[list[Record]]:
    """The groups of its journal; at its end the router dies."""
    random = Random(seed)
    desk = Desk(bank("atlas", lines=2))
    taken = 0
    for number in range(1, 25):
        act(desk, random.choice(ACTIONS), number, random)
        if len(desk.disk.records) > taken:
            yield desk.disk.records[taken:]
            taken = len(desk.disk.records)


def act(desk: Desk, action: str, number: int, random: Random) -> None:
    terminal = desk.terminal()
    known = {"stan": f"{random.randint(1, number):06d}", "rrn": f"{random.randint(1, number):012d}"}
    new = {"stan": f"{number:06d}", "rrn": f"{number:012d}"}
    if action in ("approved", "declined"):
        desk.arrive(terminal, purchase(**new))
        answer_last(desk, "00" if action == "approved" else "51")
    elif action in ("silent", "in flight"):
        desk.arrive(terminal, purchase(**new))
        desk.pass_time(12.0 if action == "silent" else 0.0)
    elif action in ("reversed", "partly reversed"):
        stays = "000000000500" + "0" * 30 if action == "partly reversed" else None
        desk.arrive(terminal, reversal("0420", of=purchase(**known), stan=f"{800 + number:06d}",
                                       replacement=stays))  # fmt: skip
    elif action == "advice":
        desk.arrive(terminal, purchase("0120", **new))
    elif action == "line falls":
        desk.line_falls()
        desk.line_returns()
    elif action in ("deliver", "refuse"):
        answer_last(desk, "00" if action == "deliver" else "57")
    else:
        desk.pass_time(random.choice((1.0, 20.0)))


def answer_last(desk: Desk, code: str) -> None:
    sent = desk.wire().sent
    if sent:
        desk.answer(sent[-1], code)


Outcome = tuple[list[tuple[str, ...]], list[tuple[str, bytes]], set[tuple[str, ...]]]


def outcome(records: list[Record]) -> Outcome:
    """What a start does: sent, and recorded as reversed or answered; and what it keeps parked."""
    desk = Desk(bank("atlas", lines=2), records=records)
    before = len(desk.disk.records)
    desk.settle()
    for line in range(2):
        desk.line_returns(line)
    desk.pass_time(0.5)
    sent = sorted(seen(message) for line in range(2) for message in desk.wire(line).sent)
    said = sorted(
        (type(one).__name__, one.about.key) for one in desk.disk.records[before:]
        if isinstance(one, Answered | Reversed | Stored))  # fmt: skip
    return sent, said, set(desk.issuers[0].parked)


def seen(message: Message) -> tuple[str, ...]:
    present = message.elements()
    return (message.mti, *(message.text(one) if one in present else "" for one in COMPARED))


@pytest.mark.parametrize("seed", range(40))
def test_a_start_in_the_middle_is_a_start_from_the_beginning(seed: int) -> None:
    groups = list(a_day(seed))
    whole = outcome([record for group in groups for record in group])
    for cut in range(1, len(groups) + 1):
        still_open = StillOpen(lambda: 0.0)
        for group in groups[:cut]:
            still_open.note(group)
        behind = [record for group in groups[cut:] for record in group]
        assert outcome([*still_open.records(), *behind]) == whole, f"cut after group {cut}"


def test_an_entry_keeps_its_place_among_those_of_its_card() -> None:
    """In the order they were stored; one that was parked and given back comes last."""
    still_open = StillOpen(lambda: 0.0)
    still_open.note([stored("900001"), stored("900002"), stored("900003")])
    still_open.note([ended("900001", parked=True), ended("900002")])
    assert still_open.records()[:-1] == [
        stored("900001"),
        stored("900003"),
        ended("900001", parked=True),
    ]
    still_open.note([stored("900001")])
    assert still_open.records()[:-1] == [stored("900003"), stored("900001")]


def test_what_is_over_is_not_carried() -> None:
    """But for the last number that its issuer was given."""
    still_open = StillOpen(lambda: 0.0)
    still_open.note([forwarded("000001"), forwarded("000002"), answered("000001")])
    still_open.note([answered("000002"), stored("000003", "000002"), ended("000003")])
    (last,) = still_open.records()
    assert "000003" in str(last)


def test_an_advice_is_carried_with_its_answer() -> None:
    """Else a start would take it for a request in flight, and reverse it."""
    still_open = StillOpen(lambda: 0.0)
    still_open.note([answered("000001"), stored("900001", "000001")])
    assert still_open.records()[:-1] == [answered("000001"), stored("900001", "000001")]
    still_open = StillOpen(lambda: 0.0)
    still_open.note([stored("900001", "000001")])
    still_open.note([answered("000001")])
    assert still_open.records()[:-1] == [answered("000001"), stored("900001", "000001")]


def counted(until: int, count: int, wrong_pins: int) -> StoodIn:
    return StoodIn("atlas", "9504010000000001", about("000001").key, until, count, 100, wrong_pins)


def test_counters_of_a_stand_in_are_carried_as_one_until_their_time() -> None:
    """Sums, and the last word on wrong PINs."""
    still_open = StillOpen(lambda: 1000.0)
    still_open.note([counted(2000, 1, 2), counted(2000, 1, -1), counted(999, 1, 0)])
    still_open.note([StandInMode("atlas", "on", 1), StandInMode("atlas", "off", 2)])
    mode, one = still_open.records()
    assert mode == StandInMode("atlas", "off", 2)
    assert one == StoodIn("atlas", "9504010000000001", about("000001").key, 2000, 2, 200, 2)
