"""Nobody starves the others: limits in flight and in a second, shares, and no vain attempt."""

from dataclasses import replace

import pytest

from router.switching.conductor import Limits
from router.switching.peers import Issuer
from tests.builders import card, purchase
from tests.switching.desk import Desk, Terminal, bank, bins

RANGES = [bins("950401", "atlas"), bins("9504012", "meridian")]

BLOCK = "0123456789ABCDEF"


def two_banks(in_flight_max: int = 100, issuer_share: float = 0.5) -> Desk:
    banks = bank("atlas", pending_max=1000), bank("meridian", pending_max=1000)
    limits = Limits(in_flight_max, issuer_share=issuer_share)
    return Desk(*banks, ranges=RANGES, limits=limits)


def buy(desk: Desk, terminal: Terminal, number: int, issuer: str = "atlas", **more: str) -> None:
    pan = card("9504012" if issuer == "meridian" else f"950401{number:04d}".replace("4012", "4013"))
    values = {"stan": f"{number:06d}", "rrn": f"{number:012d}", "pan": pan, **more}
    desk.arrive(terminal, purchase(**values))


def sent(desk: Desk, issuer: int = 0) -> int:
    return len(desk.wire(issuer=issuer).sent)


def test_a_silent_issuer_holds_no_more_than_its_share_of_an_acquirer() -> None:
    """Ten in flight are allowed: five at the silent bank, and the other bank has room."""
    desk = two_banks()
    terminal = desk.terminal(in_flight_max=10)
    for number in range(9):
        buy(desk, terminal, number)
    assert (sent(desk), terminal.codes) == (5, ["96"] * 4)
    for number in range(20, 25):
        buy(desk, terminal, number, "meridian", amount=f"{number:012d}")
    assert sent(desk, 1) == 5


def test_nor_of_the_router() -> None:
    """Twenty in all: ten at the silent bank, whoever asks for it."""
    desk = two_banks(in_flight_max=20)
    for number in range(15):
        buy(desk, desk.terminal(f"t{number}"), number)
    assert sent(desk) == 10
    for number in range(10):
        buy(desk, desk.terminal(f"u{number}"), number, "meridian")
    assert sent(desk, 1) == 10


def test_the_only_issuer_may_have_everything() -> None:
    desk = Desk(limits=Limits(in_flight_max=20))
    for number in range(20):
        desk.arrive(desk.terminal(f"t{number}"), purchase())
    assert len(desk.wire().sent) == 20


def test_what_is_answered_makes_room() -> None:
    desk = two_banks()
    terminal = desk.terminal(in_flight_max=4)
    for number in range(3):
        buy(desk, terminal, number)
    desk.answer(desk.wire().sent[0], "51")
    buy(desk, terminal, 7)
    assert (sent(desk), terminal.codes) == (3, ["96", "51"])


def test_a_full_house_is_shared_by_the_acquirers_in_it() -> None:
    """Forty in all. The greedy one has thirty when another comes; then it gets no more, and the
    other one gets its half of what is left."""
    desk = two_banks(in_flight_max=40, issuer_share=1.0)
    greedy, modest = desk.terminal("greedy", in_flight_max=40), desk.terminal("modest")
    for number in range(30):
        buy(desk, greedy, number)
    buy(desk, modest, 100)
    buy(desk, greedy, 101)
    assert (greedy.codes, modest.codes) == (["96"], [])
    for number in range(200, 220):
        buy(desk, modest, number)
    assert modest.codes.count("96") == 11


def test_an_issuer_s_own_limit_in_flight() -> None:
    desk = two_banks()
    desk.issuers[0].terms = replace(desk.issuers[0].terms, in_flight_max=3)
    terminal = desk.terminal()
    for number in range(5):
        buy(desk, terminal, number)
    assert (sent(desk), terminal.codes) == (3, ["96", "96"])


def test_no_more_in_a_second_than_agreed_with_an_acquirer() -> None:
    """Ten a second, four saved up. The other acquirer is not touched."""
    desk = two_banks(in_flight_max=1000)
    busy, calm = desk.terminal("busy"), desk.terminal("calm")
    busy.acquirer = replace(busy.acquirer, requests_per_s=10.0, requests_burst=4.0)
    for number in range(8):
        buy(desk, busy, number)
    assert busy.codes == ["96"] * 4
    buy(desk, calm, 1)
    assert sent(desk) == 5
    for number in range(20, 40):
        desk.pass_time(0.05)
        buy(desk, busy, number)
    assert sent(desk) == pytest.approx(15, abs=1)


def test_no_more_in_a_second_than_agreed_with_an_issuer() -> None:
    desk = two_banks(in_flight_max=1000)
    terms = replace(desk.issuers[0].terms, requests_per_s=10.0, requests_burst=2.0)
    desk.issuers[0].terms = terms
    terminal = desk.terminal()
    for number in range(5):
        buy(desk, terminal, number)
    buy(desk, terminal, 9, "meridian")
    assert (sent(desk), sent(desk, 1), terminal.codes) == (2, 1, ["96"] * 3)


def test_repeats_are_let_in_whatever_the_rate() -> None:
    """96 would hide what their original is told."""
    desk = two_banks()
    terminal = desk.terminal()
    terminal.acquirer = replace(terminal.acquirer, requests_per_s=0.1, requests_burst=1.0)
    buy(desk, terminal, 1)
    late = desk.terminal()
    late.acquirer = terminal.acquirer
    pan = card("9504010001")
    desk.arrive(late, purchase("0101", stan="000001", rrn=f"{1:012d}", pan=pan))
    desk.answer(desk.wire().sent[0], "00")
    assert (terminal.codes, late.codes) == (["00"], ["00"])


def test_those_turned_away_are_told_of_together() -> None:
    """A line in the log each second and a count, not an event for each."""
    desk = two_banks()
    terminal = desk.terminal(in_flight_max=2)
    for number in range(50):
        buy(desk, terminal, number, "meridian" if number % 2 else "atlas")
    desk.pass_time(1.1)
    facts = [facts for what, facts in desk.watcher.told if what == "turned_away"]
    assert facts == [{"peer": "souk", "why": "in_flight", "requests": 48}]
    assert desk.watcher.counts.count(("turned_away_in_flight", "souk")) == 48


def crowd(desk: Desk, issuer: Issuer, terminal: Terminal, number: int) -> None:
    """Sixteen requests that wait for their issuer: from so many on, time is looked at."""
    for one in range(16):
        buy(desk, terminal, number + one)
    assert len(issuer.lines[0].port.sent) >= 16  # type: ignore[union-attr]


def test_what_cannot_be_in_time_is_not_tried() -> None:
    """The issuer takes 5.5 of its 6 seconds, the disk half of one: 96 at once, not in six."""
    desk = two_banks(in_flight_max=1000)
    terminal = desk.terminal()
    for number in range(60):
        buy(desk, terminal, number)
        desk.clock.seconds += 5.9
        desk.answer(desk.wire().sent[-1], "51")
    crowd(desk, desk.issuers[0], terminal, 100)
    desk.disk.stalls = True
    buy(desk, terminal, 200)
    desk.pass_time(0.3)
    heard = len(terminal.heard)
    buy(desk, terminal, 201)
    assert terminal.codes[heard:] == ["96"]
    buy(desk, terminal, 202, "meridian")
    assert len(terminal.heard) == heard + 1


def test_an_estimate_that_was_wrong_mends_itself() -> None:
    """As long as few are in flight everything is tried: so it is found that the issuer is fast."""
    desk = two_banks(in_flight_max=1000)
    terminal = desk.terminal()
    for number in range(60):
        buy(desk, terminal, number)
        desk.clock.seconds += 5.9
        desk.answer(desk.wire().sent[-1], "51")
    for number in range(300, 400):
        buy(desk, terminal, number)
        desk.answer(desk.wire().sent[-1], "51")
    terminal.heard.clear()
    crowd(desk, desk.issuers[0], terminal, 500)
    buy(desk, terminal, 600)
    assert terminal.codes == []


def test_when_turns_are_long_new_requests_are_turned_away_and_known_ones_are_not() -> None:
    desk = two_banks()
    terminal = desk.terminal()
    buy(desk, terminal, 1)
    buy(desk, desk.terminal("other"), 1)
    for _ in range(100):
        desk.clock.seconds += 0.03
        desk.conductor.turn_took(0.03)
    for number in range(2, 12):
        buy(desk, terminal, number)
    assert terminal.codes == ["96"] * 10
    late = desk.terminal()
    pan = card("9504010001")
    desk.arrive(late, purchase("0101", stan="000001", rrn=f"{1:012d}", pan=pan))
    desk.answer(desk.wire().sent[0], "00")
    assert (late.codes, terminal.codes[-1]) == (["00"], "00")


def test_those_who_press_do_not_press_the_others_out() -> None:
    """Whoever has less than an equal part in flight is let in: one at a time, at the least."""
    desk = two_banks(in_flight_max=1000)
    greedy, modest = desk.terminal("greedy"), desk.terminal("modest")
    for number in range(20):
        buy(desk, greedy, number)
    for _ in range(100):
        desk.clock.seconds += 0.03
        desk.conductor.turn_took(0.03)
    for number in range(20, 30):
        buy(desk, greedy, number)
        buy(desk, modest, number + 100, "meridian", amount=f"{number:012d}")
    assert greedy.codes == ["96"] * 10
    assert modest.codes == []


def test_what_is_refused_has_asked_once() -> None:
    """Its numbers may be known, so more is made of it than of others: its token goes once."""
    desk = two_banks()
    terminal = desk.terminal()
    terminal.acquirer = replace(terminal.acquirer, requests_per_s=0.001, requests_burst=4.0)
    desk.arrive(terminal, purchase("0101", stan="000007", rrn=f"{7:012d}"))  # its STAN is known
    buy(desk, terminal, 1)
    for _ in range(3):
        desk.conductor.turn_took(0.03)
        desk.clock.seconds += 0.03
    buy(desk, terminal, 7, rrn=f"{8:012d}", acquirer_id="1002")
    assert (sent(desk), terminal.codes) == (2, ["96"])
    desk.clock.seconds += 5.0
    for _ in range(300):
        desk.conductor.turn_took(0.001)
        desk.clock.seconds += 0.03
    assert desk.conductor.share_let_in == 1.0
    buy(desk, terminal, 2)
    assert sent(desk) == 3


def test_what_waits_too_long_under_pressure_is_turned_away_before_it_is_sent() -> None:
    """The HSM had much to do: what hears an approval is to have kept its time."""
    desk = two_banks()
    modest = desk.terminal()
    for waited_s, is_sent in ((0.004, True), (0.2, False)):
        desk.hsm.is_slow = True
        before = sent(desk)
        for _ in range(100):
            desk.conductor.turn_took(0.03)
            desk.clock.seconds += 0.03
        buy(desk, modest, 500 + before, pin_block=BLOCK)  # let in: it has nothing in flight
        desk.clock.seconds += waited_s
        desk.hsm.is_slow = False
        desk.settle()
        assert sent(desk) - before == is_sent
        if is_sent:
            desk.answer(desk.wire().sent[-1], "00")
    assert modest.codes == ["00", "96"]


def test_without_pressure_a_slow_hsm_is_waited_for() -> None:
    desk = two_banks()
    desk.hsm.is_slow = True
    buy(desk, desk.terminal(), 1, pin_block=BLOCK)
    assert sent(desk) == 0
    desk.clock.seconds += 2.0
    desk.hsm.is_slow = False
    desk.settle()
    assert sent(desk) == 1
