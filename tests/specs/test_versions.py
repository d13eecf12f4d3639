"""Between 1987, 1993 and 2003: what is carried, what is lost, and that the loss is said."""
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.dialect import dialect_names, load_dialect
from specs.versions import TABLES, losses, translate

TODAY = date(2026, 11, 24)
PURCHASE = {2: "9504010000000001", 3: "000000", 4: "000000010000", 7: "1124004500", 11: "000001",
            12: "014500", 13: "1124", 14: "2912", 18: "5411", 22: "051", 25: "00",
            32: "12345", 35: "9504010000000001=29122010000000000", 37: "632800000001",
            41: "TERM0001", 42: "MERCHANT0000001", 49: "504", 52: "0123456789ABCDEF"}


def test_a_purchase_in_1993() -> None:
    mti, values = translate(PURCHASE, "0100", 1987, 1993, TODAY)
    assert mti == "1100"
    assert values[12] == "261124014500"
    assert values[22] == "51000150000C"
    assert values[24] == "100"
    assert values[26] == "5411"
    assert not {13, 18, 25} & values.keys()


def test_a_purchase_there_and_back() -> None:
    mti, values = translate(PURCHASE, "0100", 1987, 1993, TODAY)
    assert translate(values, mti, 1993, 1987, TODAY) == ("0100", PURCHASE)


def test_a_purchase_in_2003_and_back() -> None:
    mti, values = translate(PURCHASE, "0100", 1987, 2003, TODAY)
    assert (mti, values[4], values[11], values[12]) == (
        "2100", "5042000000010000", "000000000001", "20261124014500")
    mti, back = translate(values, mti, 2003, 1987, TODAY)
    lost = {22, 25}  # row: DE 22 is another thing in 2003
    assert mti == "0100"
    assert back == {n: text for n, text in PURCHASE.items() if n not in lost}


@pytest.mark.parametrize(
    ("day", "year"), [("1124", "26"), ("1231", "26"), ("0101", "27"), ("0630", "26")]
)
def test_a_date_gets_the_nearest_year(day: str, year: str) -> None:
    """DE 13 crosses New Year."""
    _, values = translate(PURCHASE | {13: day}, "0100", 1987, 1993, TODAY)
    assert values[12][:6] == year + day


def test_a_day_of_december_said_in_january_is_last_years() -> None:
    _, values = translate(PURCHASE | {13: "1231"}, "0100", 1987, 1993, date(2027, 1, 1))
    assert values[12][:2] == "26"


@pytest.mark.parametrize(
    ("code", "action"),
    [("00", "000"), ("51", "116"), ("54", "101"), ("55", "117"), ("62", "104"), ("91", "907"),
     ("92", "908"), ("30", "904"), ("96", "909"), ("94", "913"), ("68", "911"), ("10", "002")],
)
def test_common_response_codes_both_ways(code: str, action: str) -> None:
    assert translate({39: code}, "0110", 1987, 1993)[1][39] == action
    assert translate({39: action}, "1110", 1993, 1987)[1][39] == code


def test_every_code_survives_in_kind() -> None:
    """An approval stays one, a decline stays one, whatever is lost."""
    approvals = load_dialect("iso93-ascii").approvals
    for first in "0123456789ABCXYZ":
        for second in "0123456789ABCXYZ":
            code = first + second
            action = translate({39: code}, "0110", 1987, 1993)[1][39]
            back = translate({39: action}, "1110", 1993, 1987)[1][39]
            if code in load_dialect("iso87-ascii").approvals | {"85"}:
                assert action in approvals
            else:
                assert action not in approvals, code
                assert back not in load_dialect("iso87-ascii").approvals, code


def test_an_accepted_reversal_is_400_in_1993() -> None:
    assert translate({39: "00"}, "0430", 1987, 1993)[1][39] == "400"
    assert translate({39: "400"}, "1430", 1993, 1987) == ("0430", {39: "00"})


def test_network_messages() -> None:
    for code, function in (("001", "801"), ("002", "802"), ("301", "831"), ("201", "821")):
        mti, values = translate({11: "000001", 70: code}, "0800", 1987, 1993)
        assert (mti, values) == ("1800", {11: "000001", 24: function})
        assert translate(values, "1804", 1993, 1987) == ("0800", {11: "000001", 70: code})


def test_the_original_of_a_reversal() -> None:
    original = "0100" "000007" "1124004500" "00000012345" "00000000000"
    _, values = translate({11: "000008", 90: original}, "0420", 1987, 1993, TODAY)
    assert values[56] == "1100" "000007" "261124004500" "05" "12345"
    assert values[24] == "400"
    assert translate(values, "1420", 1993, 1987, TODAY)[1][90] == original


def test_a_partial_reversal_swaps_the_amounts() -> None:
    """1987 says the original in DE 4 and the new amount in DE 95; 1993 the reverse."""
    replaced = "000000004000" + "0" * 12 + "D00000000" * 2
    _, values = translate({4: "000000010000", 95: replaced}, "0420", 1987, 1993)
    assert (values[4], values[30][:12], values[24]) == ("000000004000", "000000010000", "401")
    back = translate(values, "1420", 1993, 1987)[1]
    assert (back[4], back[95]) == ("000000010000", replaced)


@pytest.mark.parametrize(
    ("mode", "condition"),
    [("051", "00"), ("901", "00"), ("012", "00"), ("012", "08"), ("812", "59")],
)
def test_entry_modes_keep_their_gist(mode: str, condition: str) -> None:
    _, values = translate({22: mode, 25: condition}, "0100", 1987, 1993)
    assert len(values[22]) == 12
    _, back = translate(values, "1100", 1993, 1987)
    expected = "021" if mode == "901" else mode
    assert (back[22], back[25]) == (expected, condition)


def test_macs_are_never_carried() -> None:
    assert translate({64: "00" * 8, 128: "00" * 8}, "0100", 1987, 1993)[1].keys() == {24}


def test_the_same_version_changes_nothing() -> None:
    assert translate(PURCHASE, "0100", 1987, 1987) == ("0100", PURCHASE)


@given(st.dictionaries(st.integers(2, 128), st.text(max_size=20)), st.text(max_size=6))
def test_hostile_values_translate_to_something(values: dict[int, str], mti: str) -> None:
    for start in (1987, 1993, 2003):
        for stop in (1987, 1993, 2003):
            translate(values, mti, start, stop)


def test_each_row_says_what_it_loses() -> None:
    for rows, _ in TABLES:
        for row in rows:
            assert row.what.startswith(("DE ", "sizes of DE "))
            assert row.loses_up or row.loses_down


def test_nothing_is_lost_between_equal_dialects() -> None:
    for name in dialect_names():
        dialect = load_dialect(name)
        assert losses(dialect, dialect) == []


def test_losses_name_separators_lengths_and_rows() -> None:
    lost = losses(load_dialect("iso87-ascii"), load_dialect("visa-like"))
    assert "DE 35 to 36: the separator = is written D" in lost
    assert "DE 46 to 48, 56 to 63, 105 to 127: at most 255 there, up to 999 here" in lost
    lost = losses(load_dialect("iso93-ascii"), load_dialect("national"))
    assert any(line.startswith("DE 12, 13 and 15") and "the year" in line for line in lost)
