"""An answer after its deadline changes nothing: its reversal exists already."""

import pytest

from specs.elements import DE
from tests.builders import purchase
from tests.switching.desk import Desk, bank


@pytest.mark.parametrize("code", ["00", "51"])
def test_a_late_answer_changes_nothing(code: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.pass_time(6.1)
    before = list(desk.disk.records)
    desk.answer(desk.wire().sent[0], code)

    assert terminal.codes == ["91"]
    assert desk.disk.records == before
    assert desk.watcher.counts == [("late_response", "atlas-1")]
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["91", "91"]


def test_a_late_answer_never_reaches_another_card() -> None:
    """The number of what expired is not given again while an answer may still come."""
    issuer = bank("atlas")
    issuer.stans.space = 20
    desk = Desk(issuer)
    first = desk.terminal("first")
    desk.arrive(first, purchase())
    late = desk.wire().sent[0]
    desk.pass_time(6.1)
    desk.answer(desk.wire().sent[1], "00")

    others = [desk.terminal(f"other{n}") for n in range(14)]
    for other in others:
        desk.buy(other, purchase(), "51")
    assert late.text(DE.STAN) not in [sent.text(DE.STAN) for sent in desk.wire().sent[1:]]
    waiting = desk.terminal("waiting")
    desk.arrive(waiting, purchase())
    desk.answer(late, "00")
    assert waiting.codes == []


def test_an_answer_under_an_unknown_number_is_counted_with_its_difference() -> None:
    """The peer changed DE 7: said, because the timeout that follows would puzzle everybody."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    sent = desk.wire().sent[0]
    desk.answer(sent.replacing(None, {DE.TRANSMISSION_TIME: "0101010101"}), "00")
    assert terminal.codes == []
    assert desk.watcher.counts == [("unknown_response", "atlas-1")]
    assert desk.watcher.differences == [[DE.TRANSMISSION_TIME]]


def test_the_second_of_two_answers_is_ignored() -> None:
    desk = Desk()
    terminal = desk.terminal()
    sent = desk.buy(terminal, purchase(), "00")
    desk.answer(sent, "51")
    assert terminal.codes == ["00"]
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00", "00"]


def test_a_request_of_the_issuer_under_our_number_is_no_answer() -> None:
    """Only what says response is matched."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.conductor.respond(desk.issuers[0].lines[0], desk.wire().sent[0])
    assert terminal.codes == []
