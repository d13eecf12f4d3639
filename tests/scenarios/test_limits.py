"""Overload answers 96 at once, and never slows what was already accepted."""

from dataclasses import replace

import pytest

from router.switching.conductor import Limits
from tests.builders import purchase
from tests.switching.desk import Desk, Terminal, bank


def numbered(number: int) -> dict[str, str]:
    return {"stan": f"{number:06d}", "rrn": f"{number:012d}"}


def test_no_more_in_flight_than_the_acquirer_may() -> None:
    """The other acquirer is not touched."""
    desk = Desk()
    busy, calm = desk.terminal("busy", in_flight_max=3), desk.terminal("calm")
    for number in range(5):
        desk.arrive(busy, purchase(**numbered(number)))
    assert busy.codes == ["96", "96"]
    desk.arrive(calm, purchase())
    assert len(desk.wire().sent) == 4
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(busy, purchase(**numbered(9)))
    assert len(desk.wire().sent) == 5


def test_no_more_in_flight_than_the_router_may() -> None:
    desk = Desk(limits=Limits(in_flight_max=4))
    terminals = [desk.terminal(f"t{number}") for number in range(6)]
    for terminal in terminals:
        desk.arrive(terminal, purchase())
    assert [terminal.codes for terminal in terminals[4:]] == [["96"], ["96"]]
    assert len(desk.wire().sent) == 4


def test_a_repeat_hears_the_truth_however_busy_we_are() -> None:
    """The answer was lost on the way. 96 to the repeat would be a decline of what is held."""
    desk = Desk()
    busy = desk.terminal("busy", in_flight_max=2)
    desk.buy(busy, purchase(**numbered(1)))
    desk.arrive(busy, purchase(**numbered(2)))
    desk.arrive(busy, purchase(**numbered(3)))
    desk.arrive(busy, purchase("0101", **numbered(1)))
    desk.arrive(busy, purchase("0101", **numbered(2)))
    assert busy.codes == ["00", "00"]
    desk.answer(desk.wire().sent[1], "00")
    assert busy.codes == ["00", "00", "00", "00"]


def test_what_was_refused_stays_refused_for_a_while() -> None:
    """Its copy on a slow link arrives behind the 96: approved now, nobody would expect it."""
    desk = Desk()
    busy = desk.terminal("busy", in_flight_max=1)
    desk.arrive(busy, purchase(**numbered(1)))
    desk.arrive(busy, purchase(**numbered(2)))
    assert busy.codes == ["96"]
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(busy, purchase(**numbered(2)))
    desk.arrive(busy, purchase("0101", transmission_time="1124101507", **numbered(2)))
    assert busy.codes == ["96", "00", "96", "96"]
    desk.pass_time(61.0)
    desk.arrive(busy, purchase(**numbered(2)))
    assert len(desk.wire().sent) == 2


def test_other_content_under_numbers_that_were_refused_hears_96_too() -> None:
    """What is turned away is known by its numbers alone."""
    desk = Desk()
    busy = desk.terminal("busy", in_flight_max=1)
    desk.arrive(busy, purchase(**numbered(1)))
    desk.arrive(busy, purchase(**numbered(2)))
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(busy, purchase(amount="000000000777", **numbered(2)))
    assert busy.codes == ["96", "00", "96"]
    desk.arrive(busy, purchase(**numbered(3)))
    assert len(desk.wire().sent) == 2


def test_what_is_turned_away_is_not_looked_at_closer() -> None:
    """Badly formed, it hears 96 while others do; 30 when there is time. A link that is not signed
    on hears so in any case."""
    desk = Desk()
    busy, stranger = desk.terminal("busy", in_flight_max=1), desk.terminal("stranger")
    desk.arrive(busy, purchase(**numbered(1)))
    desk.arrive(busy, purchase(pan=None, **numbered(2)))
    busy.is_signed_on = False
    desk.arrive(busy, purchase(**numbered(3)))
    assert busy.codes == ["96", "58"]
    desk.arrive(stranger, purchase(pan=None, **numbered(4)))
    assert stranger.codes == ["30"]


def test_an_original_behind_its_repeat_is_known_although_its_time_is_another() -> None:
    """Overload or not: 96 would hide what was approved."""
    desk = Desk()
    busy = desk.terminal("busy", in_flight_max=2)
    desk.arrive(busy, purchase("0101", transmission_time="1124101507", **numbered(1)))
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(busy, purchase(**numbered(2)))
    desk.arrive(busy, purchase(**numbered(3)))
    desk.arrive(busy, purchase(**numbered(4)))
    desk.arrive(busy, purchase(**numbered(1)))
    assert busy.codes == ["00", "96", "00"]


def test_a_request_is_counted_once_against_its_acquirer_s_rate() -> None:
    """It is asked for on arrival; three were agreed, the fourth is too many."""
    desk = Desk()
    terminal = desk.terminal()
    terminal.acquirer = replace(terminal.acquirer, requests_per_s=1.0, requests_burst=3.0)
    for number in range(4):
        desk.arrive(terminal, purchase(**numbered(number)))
    assert (len(desk.wire().sent), terminal.codes) == (3, ["96"])


def test_an_advice_that_was_refused_may_come_again_at_once() -> None:
    desk = Desk()
    busy = desk.terminal("busy", in_flight_max=1)
    desk.arrive(busy, purchase(**numbered(1)))
    desk.arrive(busy, purchase("0220", **numbered(2)))
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(busy, purchase("0221", **numbered(2)))
    assert busy.codes == ["96", "00", "00"]


def test_repeats_of_one_request_are_bounded_too() -> None:
    """The ninth that would wait hears 96; then all do, and what the issuer says is reversed."""
    desk = Desk()
    terminal = desk.terminal()
    for _ in range(9):
        desk.arrive(terminal, purchase())
    assert terminal.codes == ["96"]
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["96"] + ["91"] * 8
    assert desk.wire().mtis == ["0100", "0420"]


@pytest.mark.parametrize("what", ["disk", "hsm"])
def test_a_stalled_part_does_not_grow_a_queue_without_end(what: str) -> None:
    """Requests that were given up still lie in front of it: they count until they are gone."""
    desk = Desk(limits=Limits(in_flight_max=10))
    desk.disk.stalls = what == "disk"
    desk.hsm.is_slow = what == "hsm"
    terminal = desk.terminal()
    for number in range(40):
        desk.arrive(terminal, purchase(**numbered(number), pin_block="0123456789ABCDEF"))
        desk.pass_time(1.0)
    assert len(desk.disk.waiting) + len(desk.hsm.waiting) <= 10


def test_a_full_line_is_passed_over_and_full_lines_hear_91() -> None:
    desk = Desk(bank("atlas", lines=2, pending_max=2))
    terminals = [desk.terminal(f"t{number}") for number in range(5)]
    for terminal in terminals:
        desk.arrive(terminal, purchase())
    assert [len(desk.wire(line).sent) for line in range(2)] == [2, 2]
    assert terminals[4].codes == ["91"]


def test_the_table_of_known_requests_is_bounded() -> None:
    """The oldest that are over leave; when all are open, 96."""
    desk = Desk(limits=Limits(repeats_max=20))
    terminal = desk.terminal()
    for number in range(100):
        desk.buy(terminal, purchase(**numbered(number)), "51")
        desk.pass_time(0.05)
    assert terminal.codes == ["51"] * 100
    open_ones = desk.terminal("open")
    for number in range(30):
        desk.arrive(open_ones, purchase(**numbered(number)))
        desk.pass_time(0.05)
    assert set(open_ones.codes) == {"96"}


def test_a_router_that_was_held_up_answers_nobody_too_late() -> None:
    """No tick for eleven seconds, then the issuer's answer: undeliverable, so it is reversed."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.clock.seconds += 11.0
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(0.1)
    assert terminal.codes == []
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_deadline_is_kept_whatever_the_issuer_allows() -> None:
    """An acquirer in more of a hurry than the issuer's timeout: 96 in time, and reversed."""
    desk = Desk()
    hurried: Terminal = desk.terminal(answer_within_s=3.0)
    desk.arrive(hurried, purchase())
    desk.pass_time(3.0)
    assert hurried.codes == ["96"]
    desk.pass_time(3.5)
    assert desk.wire().mtis == ["0100", "0420"]
