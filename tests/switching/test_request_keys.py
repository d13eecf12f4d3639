"""By what a request is recognised again."""

import pytest

from router.switching.elements import Elements
from router.switching.request import about, numbers_of
from router.wire.pan import Pan
from specs.elements import DE
from specs.journal_format import About
from tests.builders import HOME_CARD, purchase


def known_by(mti: str = "0100", acquirer: str = "souk", **changed: str | None) -> About:
    message = purchase(mti, **changed)
    code, amount = message.get(DE.PROCESSING_CODE), message.get(DE.AMOUNT)
    return about(acquirer, mti, Elements(message, None), Pan(HOME_CARD), code, amount)


def test_a_repeat_has_the_key_of_its_original() -> None:
    assert known_by("0101").key == known_by("0100").key
    assert known_by("0200").key != known_by("0100").key
    assert known_by("0120").key != known_by("0100").key


@pytest.mark.parametrize(
    "changed",
    [
        {"stan": "000002"},
        {"transmission_time": "1124101501"},
        {"terminal": "TERM0002"},
        {"acquirer_id": "1002"},
        {"acquirer": "other"},
    ],
)
def test_what_tells_two_requests_apart(changed: dict[str, str]) -> None:
    assert known_by(**changed).key != known_by().key


def test_a_new_time_changes_one_key_only() -> None:
    """Nor do new local times, where there is an RRN."""
    restamped = known_by(transmission_time="1124101501", local_time="101501")
    assert restamped.key != known_by().key
    assert restamped.loose_key == known_by().loose_key


def test_without_an_rrn_the_local_time_tells_apart() -> None:
    one, other = known_by(rrn=None), known_by(rrn=None, local_time="101501")
    assert one.loose_key != other.loose_key


def test_zeros_before_an_institution_mean_nothing() -> None:
    """DE 90 fills with zeros what DE 32 does not."""
    assert known_by(acquirer_id="00001001").key == known_by().key


def test_the_content_is_card_kind_amount_and_currency() -> None:
    values = purchase().values()
    parts = known_by().parts
    assert parts.pan == HOME_CARD
    assert parts.processing_code == values[DE.PROCESSING_CODE]
    assert (parts.amount, parts.currency) == (values[DE.AMOUNT], values[DE.CURRENCY])


@pytest.mark.parametrize("rrn", ["632810000001", None])
def test_keys_say_what_they_are_made_of(rrn: str | None) -> None:
    known = known_by(rrn=rrn)
    values = purchase().values()
    again = known.parts.about("0100", values[DE.LOCAL_TIME], values[DE.LOCAL_DATE])
    assert again == known
    assert known.parts[:7] == ("souk", "10", values[DE.STAN], values[DE.TRANSMISSION_TIME],
                               "1001", "TERM0001", rrn or "")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"rrn": None},
        {"rrn": None, "local_time": None, "local_date": None},
        {"acquirer_id": "00001001"},
        {"acquirer_id": None, "terminal": None},
        {"currency": None},
    ],
)
@pytest.mark.parametrize("mti", ["0100", "0200"])
def test_what_is_turned_away_is_known_by_the_same_keys(
    mti: str, changed: dict[str, str | None]
) -> None:
    """They are made without the rest."""
    known = known_by(mti, "souk", **changed)
    assert numbers_of("souk", mti, Elements(purchase(mti, **changed), None)) == (
        known.key, known.numbers)
    assert known.stan == purchase(mti, **changed).text(DE.STAN)


def test_numbers_are_those_that_a_repeat_has_too() -> None:
    """Whatever its time, card and amount."""
    changed = {"transmission_time": "1124101501", "amount": "000000000001", "currency": "978"}
    assert known_by("0101", **changed).numbers == known_by().numbers
    for other in ({"stan": "000002"}, {"rrn": "632810000002"}, {"terminal": "TERM0002"}):
        assert known_by(**other).numbers != known_by().numbers
