"""By what a request is recognised again."""

import pytest
from librt.strings import BytesWriter

from router.switching.elements import Elements
from router.switching.recognition import Recognised, hashes_of, numbers_of
from router.wire.message import Message
from router.wire.pan import Pan
from specs.elements import DE
from specs.journal_format import About
from tests.builders import HOME_CARD, codec, purchase


def recognised(
    acquirer: str, mti: str, message: Message | None, values: dict[int, str] | None = None
) -> Recognised:
    known = Recognised(message, values)
    known.recognise(acquirer.encode(), mti)
    return known


def known_by(mti: str = "0100", acquirer: str = "souk", **changed: str | None) -> About:
    return recognised(acquirer, mti, purchase(mti, **changed)).about


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
    local = ("", "") if rrn else (values[DE.LOCAL_TIME], values[DE.LOCAL_DATE])
    assert known.parts == (
        values[DE.TRANSMISSION_TIME], "souk", "10", values[DE.STAN], "1001", "TERM0001", rrn or "",
        *local, HOME_CARD, values[DE.PROCESSING_CODE], values[DE.CURRENCY], values[DE.AMOUNT])
    assert known.parts.about("0100") == known


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
    assert numbers_of(b"souk", mti, Elements(purchase(mti, **changed), None)) == (
        hashes_of(known)[0], known.numbers)
    assert known.stan == purchase(mti, **changed).text(DE.STAN)


def test_numbers_are_those_that_a_repeat_has_too() -> None:
    """Whatever its time, card and amount."""
    changed = {"transmission_time": "1124101501", "amount": "000000000001", "currency": "978"}
    assert known_by("0101", **changed).numbers == known_by().numbers
    for other in ({"stan": "000002"}, {"rrn": "632810000002"}, {"terminal": "TERM0002"}):
        assert known_by(**other).numbers != known_by().numbers


def test_what_a_dialect_writes_otherwise_is_recognised_all_the_same() -> None:
    """BCD, EBCDIC, hexadecimal bitmaps; and elements that were translated."""
    values = purchase().values()
    named = known_by()
    for dialect in ("iso87-ascii", "iso87-binary", "iso87-ebcdic", "national"):
        message = codec(dialect).written("0100", values)
        assert recognised("souk", "0100", message).about == named
    assert recognised("souk", "0100", None, values).about == named


def test_no_content_is_taken_for_another_part() -> None:
    """A terminal may send any byte."""
    known = known_by(terminal="TERM\x1f001", rrn="\x1f" * 12)
    assert (known.parts.terminal, known.parts.rrn) == ("TERM 001", " " * 12)
    assert known == known_by(terminal="TERM 001", rrn=" " * 12)
    values = purchase(terminal="TERM\x1f001", rrn="\x1f" * 12).values()
    assert recognised("souk", "0100", None, values).about == known


def test_the_hashes_of_a_record_are_those_of_its_request() -> None:
    for changed in ({}, {"rrn": None}, {"acquirer_id": None, "terminal": None}):
        known = recognised("souk", "0100", purchase("0100", **changed))
        assert hashes_of(known.about) == (known.key_hash, known.loose_hash)
        assert known.about.parts.about("0100") == known.about


@pytest.mark.parametrize("pan", ["950400000000", "9504000000003", HOME_CARD, HOME_CARD + "123"])
def test_a_card_and_its_account_where_they_stand(pan: str) -> None:
    request = recognised("souk", "0100", purchase(pan=pan))
    assert (request.names_card, request.pan) == (True, Pan(pan))
    written = BytesWriter()
    request.write_account_12(written)
    assert written.getvalue().decode() == Pan(pan).account_12


@pytest.mark.parametrize(
    ("track_2", "names_card"),
    [
        (HOME_CARD + "=29122010000000000000", True),
        ("", True),  # it says nothing
        ("4111111111111111=29122010000000000000", False),
    ],
)
def test_a_track_may_name_the_card_or_another(track_2: str, names_card: bool) -> None:
    values = {**purchase().values(), DE.TRACK_2: track_2}
    both = recognised("souk", "0100", None, values)
    assert both.names_card is names_card
    assert both.about.parts.pan == (HOME_CARD if names_card else "")
    alone = recognised("souk", "0100", None, {n: values[n] for n in values if n != DE.PAN})
    assert alone.about.parts.pan == track_2.partition("=")[0]
