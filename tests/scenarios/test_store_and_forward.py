"""What is stored for an issuer: in order per card, a window at a time, until it is taken."""

from itertools import pairwise

import pytest

from specs.elements import DE
from specs.journal_format import Ended
from tests.builders import card, purchase, reversal
from tests.switching.desk import Desk, bank

OTHER_CARD = card("9504012")


def advise(desk: Desk, number: int, pan: str) -> None:
    desk.arrive(
        desk.terminal(), purchase("0220", stan=f"{number:06d}", rrn=f"{number:012d}", pan=pan)
    )


def ended(desk: Desk) -> list[bool]:
    """Of each entry that is over: was it parked?"""
    return [record.parked for record in desk.disk.records if isinstance(record, Ended)]


def test_entries_of_one_card_go_one_after_the_other() -> None:
    desk = Desk()
    for number, pan in enumerate((card("950401"), card("950401"), OTHER_CARD)):
        advise(desk, number, pan)
    assert [sent.text(DE.RRN)[-1] for sent in desk.wire().sent] == ["0", "2"]
    desk.answer(desk.wire().sent[0], "00")
    assert [sent.text(DE.RRN)[-1] for sent in desk.wire().sent] == ["0", "2", "1"]


def test_no_more_than_the_window_are_outstanding() -> None:
    desk = Desk()
    for number in range(7):
        advise(desk, number, card(f"950401{number}"))
    assert len(desk.wire().sent) == 4
    desk.answer(desk.wire().sent[0], "00")
    assert len(desk.wire().sent) == 5


def test_silence_waits_longer_each_time() -> None:
    """1, 2, 4 ... seconds after each timeout of six, half a minute at most."""
    desk = Desk()
    advise(desk, 1, card("950401"))
    times: list[float] = []
    for _ in range(4000):
        desk.pass_time(0.05)
        if len(desk.wire().sent) > len(times) + 1:
            times.append(desk.clock.seconds)
    gaps = [round(later - sooner) for sooner, later in pairwise(times)]
    assert gaps[:4] == [8, 10, 14, 22]
    assert set(gaps[4:]) == {36}


@pytest.mark.parametrize("code", ["91", "96", "90", "68"])
def test_codes_that_ask_for_patience_are_tried_again(code: str) -> None:
    desk = Desk()
    advise(desk, 1, card("950401"))
    desk.answer(desk.wire().sent[0], code)
    assert ended(desk) == []
    desk.pass_time(1.1)
    assert desk.wire().mtis == ["0220", "0221"]


def test_a_refusal_said_three_times_parks_with_an_alarm() -> None:
    """Never dropped: an operator settles it."""
    desk = Desk()
    advise(desk, 1, card("950401"))
    for attempt in range(3):
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(0.9)
        assert len(desk.wire().sent) == attempt + 1
        desk.pass_time(0.2)
    assert desk.watcher.alarms == ["saf_entry_parked"]
    assert ended(desk) == [True]
    assert len(desk.issuers[0].parked) == 1
    desk.pass_time(60.0)
    assert desk.wire().mtis == ["0220", "0221", "0221"]
    assert len(desk.restarted().issuers[0].parked) == 1


def test_behind_a_parked_entry_parks_what_must_follow_it_and_nothing_else() -> None:
    """H13: the reversal of the parked advice parks with it; the card's other purchase goes on."""
    desk = Desk()
    advise(desk, 1, card("950401"))
    desk.arrive(desk.terminal(), reversal(of=purchase("0220", rrn=f"{1:012d}", pan=card("950401"))))
    advise(desk, 2, card("950401"))
    for attempt in range(3):
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(1.1)
    assert ended(desk) == [True, True]
    assert desk.wire().sent[-1].text(DE.RRN) == f"{2:012d}"


def test_not_found_is_not_final_the_first_time() -> None:
    """The original may still be under way: again after its full timeout, then accepted."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(6.1)
    desk.answer(desk.wire().sent[1], "25")
    desk.pass_time(5.8)
    assert desk.wire().mtis == ["0100", "0420"]
    desk.pass_time(0.4)
    assert desk.wire().mtis == ["0100", "0420", "0421"]
    desk.answer(desk.wire().sent[2], "25")
    assert ended(desk) == [False]
    desk.pass_time(60.0)
    assert len(desk.wire().sent) == 3


def test_an_entry_found_at_start_is_flagged() -> None:
    """H7: nobody knows whether it left."""
    desk = Desk()
    desk.line_falls()
    advise(desk, 1, card("950401"))
    assert desk.wire().sent == []
    desk = desk.restarted()
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0221"]
    assert desk.wire().sent[0].text(DE.STAN) == desk.disk.entries[0].message.values[DE.STAN]


def test_the_flag_comes_with_the_first_transmission_whatever_its_outcome() -> None:
    desk = Desk()
    advise(desk, 1, card("950401"))
    desk.line_falls()
    desk.line_returns()
    desk.pass_time(1.1)
    assert desk.wire().mtis == ["0220", "0221"]


def test_what_never_left_is_not_flagged() -> None:
    desk = Desk()
    desk.wire().takes = False
    advise(desk, 1, card("950401"))
    desk.wire().takes = True
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0220"]


def test_an_acknowledged_entry_is_over_after_a_restart() -> None:
    desk = Desk()
    advise(desk, 1, card("950401"))
    desk.answer(desk.wire().sent[0], "00")
    desk = desk.restarted()
    desk.pass_time(5.0)
    assert desk.wire().sent == []


def test_the_order_per_card_holds_after_a_restart() -> None:
    desk = Desk()
    desk.line_falls()
    advise(desk, 1, card("950401"))
    advise(desk, 2, card("950401"))
    desk = desk.restarted()
    desk.pass_time(0.1)
    (first,) = desk.wire().sent
    assert first.text(DE.RRN) == f"{1:012d}"


def test_another_line_carries_it_when_its_own_is_down() -> None:
    desk = Desk(bank("atlas", lines=2))
    desk.arrive(desk.terminal(), purchase())
    desk.line_falls(0)
    assert desk.wire(1).mtis == ["0420"]
    desk.line_falls(1)
    desk.line_returns(0)
    desk.pass_time(1.1)
    again = desk.wire(0).sent[-1]
    assert again.mti == "0421"
    assert again.text(DE.STAN) == desk.wire(1).sent[0].text(DE.STAN)
