"""What may be approved for an issuer, and what its card hears instead: by limit, check and list."""

from dataclasses import replace

import pytest

from router.switching.pin_key import PinKey
from router.switching.session_keys import ReceivedKeys
from router.switching.stand_in_rules import CvvCheck
from specs.elements import DE
from tests.builders import HOME_CARD, purchase, reversal
from tests.switching.desk import ZPK, Desk
from tests.switching.standing import (
    CVK,
    DAY_S,
    PIN_BLOCK,
    PVK,
    advices,
    cards,
    counted,
    desk,
    lending,
    limited,
    pin_check,
)

TRACK = HOME_CARD + "=28122010000123000000"


def down(**changed: object) -> Desk:
    """The bank has no line, and lends these rules."""
    one = desk(**changed)
    one.line_falls()
    return one


def hears(one: Desk, **changed: str | None) -> str:
    """The code of a purchase."""
    terminal = one.terminal()
    one.arrive(terminal, purchase(**changed))
    (code,) = terminal.codes
    return code


@pytest.mark.parametrize(
    ("limit", "request_has", "code"),
    [
        ({}, {}, "00"),
        ({"amount_max_minor": 10_000}, {}, "00"),
        ({"amount_max_minor": 9_999}, {}, "61"),
        ({"total_max_minor": 9_999}, {}, "61"),
        ({"count_max": 0}, {}, "65"),
        ({"products": ("debit",)}, {}, "00"),
        ({"products": ("gold",)}, {}, "91"),
        ({"channels": ("atm",)}, {}, "91"),
        ({"channels": ("atm",)}, {"processing_code": "010000"}, "00"),
        ({"channels": ("pos",)}, {"entry_mode": "812"}, "91"),
        ({"channels": ("e-commerce",)}, {"condition_code": "59"}, "00"),
        ({"channels": ("e-commerce",)}, {"condition_code": "08"}, "00"),
        ({"countries": ("504",)}, {}, "91"),
        ({"pin": "required"}, {}, "91"),
        ({}, {"currency": "978"}, "91"),
        ({}, {"expiry": "2610"}, "54"),
        ({}, {"expiry": "2611"}, "00"),
        ({}, {"track_2": HOME_CARD + "=26102010000000000"}, "54"),
    ],
)
def test_a_limit_covers_what_it_names(
    limit: dict[str, object], request_has: dict[str, str | None], code: str
) -> None:
    """Not covered is not stood in for: 91, as without a stand-in."""
    one = down(limits=limited(**limit))
    assert hears(one, **request_has) == code
    assert bool(advices(one.disk.records)) == (code == "00")


def test_the_country_of_the_acquirer_is_de_19() -> None:
    one = down(limits=limited(countries=("504",)))
    message = purchase()
    values = {**message.values(), DE.ACQUIRER_COUNTRY: "504"}
    terminal = one.terminal()
    one.arrive(terminal, message.codec.written("0100", values))
    assert terminal.codes == ["00"]


@pytest.mark.parametrize(
    ("merchant_type", "processing_code", "code"),
    [("6011", "010000", "00"), ("6011", "000000", "00"), ("6010", "010000", "91")],
)
def test_a_cash_machine_is_one_by_its_merchant_type(
    merchant_type: str, processing_code: str, code: str
) -> None:
    """Cash over a counter is none."""
    one = down(limits=limited(channels=("atm",)))
    message = purchase(processing_code=processing_code)
    values = {**message.values(), DE.MERCHANT_TYPE: merchant_type}
    terminal = one.terminal()
    one.arrive(terminal, message.codec.written("0100", values))
    assert terminal.codes == [code]


def test_the_first_limit_that_fits_decides() -> None:
    """Cash machines give less than shops."""
    cash = limited(channels=("atm",), amount_max_minor=5_000)
    one = down(limits=(*cash, *limited()))
    assert hears(one, processing_code="010000") == "61"
    assert hears(one, stan="000002") == "00"


def test_with_a_pin_it_may_be_more() -> None:
    """Two limits that differ by the PIN alone."""
    more = limited(pin="required", amount_max_minor=50_000)
    less = limited(pin="none", amount_max_minor=5_000)
    one = down(limits=(*more, *less), pin_check=pin_check())
    assert hears(one) == "61"
    assert hears(one, stan="000002", pin_block=PIN_BLOCK) == "00"


def test_count_and_amount_add_up_per_card_and_business_day() -> None:
    """Three approvals, then 65; another card has its own; tomorrow is another day."""
    one = down()
    for number in range(1, 4):
        assert hears(one, stan=f"{number:06d}") == "00"
    assert hears(one, stan="000004") == "65"
    assert hears(one, stan="000005", pan="9504010000000019") == "00"
    one.clock.wall_seconds += DAY_S
    assert hears(one, stan="000006") == "00"


def test_amounts_add_up() -> None:
    one = down(limits=limited(total_max_minor=15_000))
    assert hears(one) == "00"
    assert hears(one, stan="000002") == "61"
    assert hears(one, stan="000003", amount="000000005000") == "00"


def test_a_rolling_period_ends_for_each_approval_by_itself() -> None:
    one = down(period_s=3600, limits=limited(count_max=2))
    assert hears(one, stan="000001") == "00"
    one.clock.wall_seconds += 1800
    assert hears(one, stan="000002") == "00"
    assert hears(one, stan="000003") == "65"
    one.clock.wall_seconds += 1900
    assert hears(one, stan="000004") == "00"
    assert hears(one, stan="000005") == "65"


def test_counters_survive_a_kill() -> None:
    """Counted again from the journal, restart after restart."""
    one = down(limits=limited(count_max=2))
    assert hears(one, stan="000001") == "00"
    one = one.restarted(lending(limits=limited(count_max=2)))
    one.line_falls()
    assert hears(one, stan="000002") == "00"
    one = one.restarted(lending(limits=limited(count_max=2)))
    one.line_falls()
    assert hears(one, stan="000003") == "65"


def test_what_is_reversed_counts_no_more() -> None:
    """Now and after a restart; of a partial reversal the rest does."""
    one = down(limits=limited(total_max_minor=10_000))
    assert hears(one) == "00"
    one.arrive(one.terminal(), reversal(replacement="000000004000" + "0" * 30))
    assert one.issuers[0].stand_in.activity.approved(HOME_CARD, one.clock.wall()) == (1, 4_000)
    one = one.restarted(lending(limits=limited(total_max_minor=10_000)))
    one.line_falls()
    assert one.issuers[0].stand_in.activity.approved(HOME_CARD, one.clock.wall()) == (1, 4_000)
    one.arrive(one.terminal(), reversal(stan="000902"))
    one = one.restarted(lending(limits=limited(total_max_minor=10_000)))
    one.line_falls()
    assert one.issuers[0].stand_in.activity.approved(HOME_CARD, one.clock.wall()) == (0, 0)
    assert hears(one, stan="000002") == "00"


def test_cards_on_the_list_hear_what_it_says() -> None:
    """Before anything else is looked at; nothing tells the issuer, who made the list."""
    for action in ("05", "41", "43", "04", "14"):
        one = down(negative=cards({HOME_CARD: action}))
        assert hears(one, expiry="2001") == action
        assert one.disk.records == []


def test_the_list_names_no_card() -> None:
    listed = cards({HOME_CARD: "41"})
    assert HOME_CARD not in repr(listed)
    assert not any(HOME_CARD in str(value) for value in listed._values)


def test_the_table_of_cards_is_bounded() -> None:
    """A card for which there is no room cannot be counted: not stood in for, until one leaves."""
    one = down(cards_max=1)
    assert hears(one) == "00"
    other = "9504010000000019"
    assert hears(one, stan="000002", pan=other) == "91"
    one.clock.wall_seconds += DAY_S
    assert hears(one, stan="000003", pan=other) == "00"


def test_a_pin_is_verified_under_the_key_of_its_acquirer() -> None:
    one = down(pin_check=pin_check())
    assert hears(one, pin_block=PIN_BLOCK) == "00"
    (command,) = one.hsm.asked
    zpk = "U" + "A" * 32
    assert command == f"EC{zpk}{PVK}{PIN_BLOCK}01{HOME_CARD[3:15]}11234".encode()


def test_an_offset_is_verified_digit_by_digit() -> None:
    """Check length and maximum are those of the offset."""
    one = down(pin_check=pin_check("offset", "92619"))
    assert hears(one, pin_block=PIN_BLOCK) == "00"
    (command,) = one.hsm.asked
    zpk, account = "U" + "A" * 32, HOME_CARD[3:15]
    assert (
        command
        == (
            f"EA{zpk}{PVK}05{PIN_BLOCK}0105{account}0123456789012345{HOME_CARD[:11]}N92619FFFFFFF"
        ).encode()
    )
    one.hsm.verifies["EA"] = "24"
    assert hears(one, stan="000002", pin_block=PIN_BLOCK) == "55"


def test_while_its_acquirers_key_changes_either_is_tried() -> None:
    """The one that opens the block decides; where none does, what the likeliest said."""
    former, newer = ZPK, PinKey("zpk", "U" + "D" * 32, "000000", "01")
    one = down(pin_check=pin_check("offset", "92619"))
    terminal = one.terminal()
    keys = ReceivedKeys([former], grace_s=10.0)
    keys.offer(newer)
    terminal.acquirer = replace(terminal.acquirer, session_keys=keys)
    one.hsm.verifies["EA" + former.under_lmk] = "20"
    one.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    one.hsm.verifies["EA" + newer.under_lmk] = "01"
    one.arrive(terminal, purchase(stan="000002", pin_block=PIN_BLOCK))
    assert terminal.codes == ["00", "55"]
    assert len(one.hsm.asked) == 3  # the second time the newer key came first

    other = down(pin_check=pin_check("offset", "92619"))
    terminal = other.terminal()
    keys = ReceivedKeys([former], grace_s=10.0)
    keys.offer(newer)
    terminal.acquirer = replace(terminal.acquirer, session_keys=keys)
    other.hsm.verifies["EA" + former.under_lmk] = "24"
    other.hsm.verifies["EA" + newer.under_lmk] = "20"
    other.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    assert terminal.codes == ["55"]


def test_wrong_pins_are_counted_across_restarts() -> None:
    """55 three times, then 75, the right PIN or not; the next business day begins anew."""
    one = down(pin_check=pin_check())
    one.hsm.verifies["EC"] = "01"
    for number in range(1, 4):
        assert hears(one, stan=f"{number:06d}", pin_block=PIN_BLOCK) == "55"
        one = one.restarted(lending(pin_check=pin_check()))
        one.line_falls()
        one.hsm.verifies["EC"] = "01"
    one.hsm.verifies["EC"] = "00"
    assert hears(one, stan="000004", pin_block=PIN_BLOCK) == "75"
    assert one.hsm.asked == []
    assert advices(one.disk.records) == []
    one.clock.wall_seconds += DAY_S
    assert hears(one, stan="000005", pin_block=PIN_BLOCK) == "00"


def test_many_tries_at_once_are_no_more_than_one_after_the_other() -> None:
    """The HSM is slow: five wrong PINs and a right one wait for it together."""
    one = down(pin_check=pin_check())
    terminal = one.terminal()
    one.hsm.is_slow = True
    wrong, right = "11" * 8, "22" * 8
    zpk = "U" + "A" * 32
    one.hsm.verifies[f"EC{zpk}{PVK}{wrong}"] = "01"
    for number, block in enumerate([wrong] * 5 + [right], start=1):
        one.arrive(terminal, purchase(stan=f"{number:06d}", pin_block=block))
    one.hsm.is_slow = False
    one.settle()
    assert terminal.codes == ["75", "75", "75", "55", "55", "55"]


def test_the_right_pin_ends_the_count() -> None:
    one = down(pin_check=pin_check())
    for number, error in enumerate(["01", "01", "00", "01", "01"], start=1):
        one.hsm.verifies["EC"] = error
        assert hears(one, stan=f"{number:06d}", pin_block=PIN_BLOCK) == (
            "00" if error == "00" else "55"
        )
    assert [record.wrong_pins for record in counted(one.disk.records)] == [1, 2, 0, 1, 2]


@pytest.mark.parametrize("error", ["", "10", "41", "20"])
def test_a_pin_that_cannot_be_checked_is_not_stood_in_for(error: str) -> None:
    """The HSM is away, a key is wrong, the block is none."""
    one = down(pin_check=pin_check())
    one.hsm.verifies["EC"] = error
    assert hears(one, pin_block=PIN_BLOCK) == "91"
    assert advices(one.disk.records) == []
    assert one.watcher.alarms == ["stand_in_cannot_verify"]


def test_a_pin_nobody_can_check_is_not_stood_in_for() -> None:
    """No PVV of this card, no check at all, or a limit for requests without a PIN."""
    assert hears(down(), pin_block=PIN_BLOCK) == "91"
    unknown = down(pin_check=pin_check())
    assert hears(unknown, pan="9504010000000019", pin_block=PIN_BLOCK) == "91"
    without = down(pin_check=pin_check(), limits=limited(pin="none"))
    assert hears(without, pin_block=PIN_BLOCK) == "91"
    assert hears(without, stan="000002") == "00"


def test_a_cvv_is_verified_where_track_2_has_one() -> None:
    """82 when it is wrong. A chip says its own, made with service code 999."""
    check = CvvCheck(CVK, 4, "999")
    one = down(cvv_check=check)
    assert hears(one, track_2=TRACK, entry_mode="021") == "00"
    assert one.hsm.asked == [f"CY{CVK}123{HOME_CARD};2812201".encode()]
    assert hears(one, stan="000002", track_2=TRACK, entry_mode="051") == "00"
    assert one.hsm.asked[1] == f"CY{CVK}123{HOME_CARD};2812999".encode()
    one.hsm.verifies["CY"] = "01"
    assert hears(one, stan="000003", track_2=TRACK, entry_mode="021") == "82"
    assert hears(one, stan="000004") == "00"


@pytest.mark.parametrize("error", ["", "10"])
def test_a_cvv_that_cannot_be_checked_is_not_stood_in_for(error: str) -> None:
    one = down(cvv_check=CvvCheck(CVK, 4, ""))
    one.hsm.verifies["CY"] = error
    assert hears(one, track_2=TRACK) == "91"


def test_behind_a_wrong_pin_no_cvv_is_looked_at() -> None:
    one = down(pin_check=pin_check(), cvv_check=CvvCheck(CVK, 4, ""))
    one.hsm.verifies["EC"] = "01"
    assert hears(one, pin_block=PIN_BLOCK, track_2=TRACK) == "55"
    assert len(one.hsm.asked) == 1


def test_declines_are_advised_where_the_issuer_asks_for_them() -> None:
    """Behind the 0420, with their code and without a DE 38."""
    one = desk(advise_declines=True, limits=limited(count_max=0))
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(6.1)
    assert terminal.codes == ["65"]
    one.answer(one.wire().sent[1], "00")
    advice = one.wire().sent[2]
    assert (advice.mti, advice.text(DE.RESPONSE_CODE)) == ("0120", "65")
    assert not advice.has(DE.AUTHORIZATION_CODE)
    assert "S" not in terminal.heard[0].get(DE.AUTHORIZATION_CODE)


def test_a_decline_after_silence_is_stored_with_its_reversal() -> None:
    """The disk refuses it once: it is offered again, whole."""
    one = desk(advise_declines=True, limits=limited(count_max=0))
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.disk.refuses = True
    one.pass_time(6.1)
    assert terminal.codes == ["65"]
    one.disk.refuses = False
    one.pass_time(1.0)
    assert one.wire().mtis == ["0100", "0420"]
    one.answer(one.wire().sent[1], "00")
    assert one.wire().mtis == ["0100", "0420", "0120"]


def test_track_pin_and_chip_are_in_no_advice() -> None:
    one = down(pin_check=pin_check(), cvv_check=CvvCheck(CVK, 4, ""))
    assert hears(one, pin_block=PIN_BLOCK, track_2=TRACK, chip_data="9F260100") == "00"
    one.line_returns()
    (advice,) = one.wire().sent
    assert not any(advice.has(n) for n in (DE.PIN_BLOCK, DE.TRACK_2, DE.CHIP_DATA))
    assert TRACK not in repr(one.disk.records)
