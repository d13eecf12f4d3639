"""Cards that no issuer here can answer for."""

import pytest

from tests.builders import FOREIGN_CARD, card, purchase
from tests.switching.desk import Desk, bank, bins


@pytest.fixture
def desk() -> Desk:
    return Desk(
        bank("atlas"),
        ranges=[
            bins("950401", "atlas"),
            bins("950402", "atlas", e_commerce=False),
            bins("950499", ""),
        ],
    )


def test_a_card_in_no_range_hears_92(desk: Desk) -> None:
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(pan=FOREIGN_CARD))
    assert terminal.codes == ["92"]


def test_a_range_known_as_unassigned_hears_15(desk: Desk) -> None:
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(pan=card("950499")))
    assert terminal.codes == ["15"]


@pytest.mark.parametrize("of_the_web", [{"entry_mode": "812"}, {"condition_code": "59"}])
def test_a_card_closed_to_e_commerce_hears_57_there_only(
    desk: Desk, of_the_web: dict[str, str]
) -> None:
    terminal = desk.terminal()
    closed = card("950402")
    desk.arrive(terminal, purchase(pan=closed, **of_the_web))
    assert terminal.codes == ["57"]
    desk.buy(terminal, purchase(pan=closed, stan="000002"), "00")
    assert terminal.codes == ["57", "00"]


def test_an_issuer_without_a_line_hears_nothing_and_its_card_91(desk: Desk) -> None:
    """Nothing left, so nothing is reversed when the line returns."""
    terminal = desk.terminal()
    desk.line_falls()
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["91"]
    desk.line_returns()
    desk.pass_time(5.0)
    assert desk.wire().sent == []


def test_an_advice_that_nobody_can_take_hears_92_and_may_come_again(desk: Desk) -> None:
    """92 is no answer to keep: once the range is known, the repeated advice is taken."""
    terminal = desk.terminal()
    advice = purchase("0120", pan=FOREIGN_CARD)
    desk.arrive(terminal, advice)
    assert terminal.codes == ["92"]

    desk.reload(bins("411111", "atlas"))
    desk.arrive(terminal, advice.replacing("0121", {}))
    assert terminal.codes == ["92", "00"]
    assert desk.wire().mtis == ["0120"]
