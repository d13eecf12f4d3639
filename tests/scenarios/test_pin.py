"""The PIN block is translated to the issuer's key, or the purchase ends here."""

import pytest

from specs.elements import DE
from tests.builders import purchase
from tests.switching.desk import Desk, Terminal, bank

BLOCK = "0123456789ABCDEF"


def withdrawal() -> tuple[Desk, Terminal]:
    desk = Desk()
    return desk, desk.terminal()


def test_the_issuer_gets_the_block_under_its_own_key() -> None:
    """The fake HSM marks what it translated: EE in front."""
    desk, terminal = withdrawal()
    desk.buy(terminal, purchase(pin_block=BLOCK), "00")

    assert desk.wire().sent[0].text(DE.PIN_BLOCK) == "EE" + BLOCK[2:]
    assert terminal.codes == ["00"]
    assert not terminal.heard[0].has(DE.PIN_BLOCK)


def test_no_record_holds_a_pin_block() -> None:
    """Neither the acquirer's nor the issuer's."""
    desk, terminal = withdrawal()
    desk.buy(terminal, purchase(pin_block=BLOCK), "00")
    assert BLOCK not in repr(desk.disk.records)
    assert "EE" + BLOCK[2:] not in repr(desk.disk.records)


@pytest.mark.parametrize(
    ("hsm_error", "code"),
    [
        ("20", "89"),  # the block holds no PIN
        ("24", "89"),  # PIN length
        ("23", "88"),  # block format, key mismatch
        ("69", "88"),
        ("10", "96"),  # source key parity: ours
        ("11", "96"),
        ("68", "96"),  # command disabled
        ("", "86"),  # the HSM is away
    ],
)
def test_each_refusal_of_the_hsm_has_its_code(hsm_error: str, code: str) -> None:
    """And nothing is sent to the issuer."""
    desk, terminal = withdrawal()
    desk.hsm.error = hsm_error
    desk.arrive(terminal, purchase(pin_block=BLOCK))
    assert terminal.codes == [code]
    assert desk.wire().sent == []


@pytest.mark.parametrize(
    ("hsm_error", "alarms"),
    [("20", []), ("", []), ("23", ["pin_not_translated"]), ("10", ["pin_not_translated"])],
)
def test_what_points_at_our_keys_rings(hsm_error: str, alarms: list[str]) -> None:
    """88 and 96 alarm: somebody's key is wrong. A mistyped PIN does not."""
    desk, terminal = withdrawal()
    desk.hsm.error = hsm_error
    desk.arrive(terminal, purchase(pin_block=BLOCK))
    assert desk.watcher.alarms == alarms


def test_an_hsm_that_is_away_is_nothing_to_a_purchase_without_pin() -> None:
    desk, terminal = withdrawal()
    desk.hsm.error = ""
    desk.buy(terminal, purchase(), "00")
    assert terminal.codes == ["00"]


def test_a_slow_hsm_costs_the_purchase_but_nothing_leaves_late() -> None:
    """Translated after the deadline: the acquirer heard 96, the issuer hears nothing."""
    desk, terminal = withdrawal()
    desk.hsm.is_slow = True
    desk.arrive(terminal, purchase(pin_block=BLOCK))
    desk.pass_time(12.0)
    assert terminal.codes == ["96"]
    assert not desk.conductor.is_idle

    desk.hsm.is_slow = False
    desk.settle()
    desk.pass_time(1.0)
    assert desk.wire().sent == []
    assert terminal.codes == ["96"]
    assert desk.conductor.is_idle


def test_a_line_that_never_took_it_means_a_second_translation() -> None:
    """From step 7 again: the next line's key may differ."""
    desk = Desk(bank("atlas", lines=2))
    desk.wire(0).takes = False
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(pin_block=BLOCK))
    assert desk.wire(1).sent[0].text(DE.PIN_BLOCK) == "EE" + BLOCK[2:]
