"""First digits -> issuer: the longest match, then the higher priority."""

import sys
from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.switching.bin_order import sorted_by_comparing, sorted_by_digits
from router.switching.routing import BinRange, BinTable, deciding
from tests.builders import HOME_CARD


def span(first: str, last: str, issuer: str, priority: int = 0) -> BinRange:
    return BinRange(first, last, issuer, priority, "domestic", "", "504", "", True)


def issuer_of(pan: str, *ranges: BinRange) -> str | None:
    found = BinTable(ranges).range_of(pan)
    return found.issuer if found is not None else None


def test_no_range_no_issuer() -> None:
    assert issuer_of(HOME_CARD) is None
    assert issuer_of(HOME_CARD, span("950402", "950499", "rif")) is None


def test_the_longest_match_wins_whatever_its_priority() -> None:
    ranges = [
        span("950401", "950401", "bank", priority=9),
        span("95040100", "95040100", "product"),
        span(HOME_CARD, HOME_CARD, "this card"),
    ]
    assert issuer_of(HOME_CARD, *ranges) == "this card"
    assert issuer_of("9504010000000019", *ranges) == "product"
    assert issuer_of("9504019900000019", *ranges) == "bank"


def test_of_equally_long_matches_the_higher_priority_wins_then_the_first() -> None:
    ranges = [
        span("950400", "950409", "wide"),
        span("950401", "950401", "urgent", priority=5),
        span("950401", "950402", "late"),
    ]
    assert issuer_of(HOME_CARD, *ranges) == "urgent"
    assert issuer_of("9504020000000000", *ranges) == "wide"


def test_a_range_inside_another_leaves_what_is_around_it() -> None:
    ranges = [span("950000", "950999", "outer"), span("95040150", "95040159", "inner")]
    assert issuer_of("9504014999999999", *ranges) == "outer"
    assert issuer_of("9504015000000000", *ranges) == "inner"
    assert issuer_of("9504015999999999", *ranges) == "inner"
    assert issuer_of("9504016000000000", *ranges) == "outer"


def test_an_unassigned_range_is_known_to_have_no_issuer() -> None:
    assert issuer_of("9504990000000002", span("950499", "950499", "")) == ""


def test_whole_pans_of_other_lengths_do_not_meet() -> None:
    """A range of whole 19-digit PANs holds no card of sixteen digits that begins alike."""
    long_pan = "9504010000000000019"
    table = BinTable([span("950401", "950401", "bank"), span(long_pan, long_pan, "long")])
    found = table.range_of(long_pan)
    assert found is not None
    assert found.issuer == "long"
    short = table.range_of("9504010000000018")
    assert short is not None
    assert short.issuer == "bank"


@st.composite
def tables(draw: st.DrawFn) -> list[BinRange]:
    """Many ranges over few digits, so that they lie in and across one another."""
    ranges = []
    for number in range(draw(st.integers(0, 12))):
        digits = draw(st.sampled_from([6, 7, 8, 16, 19]))
        free = min(digits - 4, 4)
        low, high = sorted(draw(st.tuples(*[st.integers(0, 10**free - 1)] * 2)))
        stem = "9504".ljust(digits - free, "0")
        first, last = (f"{stem}{end:0{free}d}" for end in (low, high))
        ranges.append(span(first, last, f"i{number}", draw(st.integers(0, 2))))
    return ranges


CARDS = st.one_of(
    st.integers(0, 9999).map(lambda digits: f"9504{digits:04d}00000000"),
    st.integers(0, 9999).map(lambda digits: f"95040000{digits:08d}"),
    st.integers(0, 9999).map(lambda digits: f"95040000000{digits:08d}"),
)


@given(tables(), CARDS)
def test_the_flattened_table_says_what_the_ranges_say(ranges: list[BinRange], pan: str) -> None:
    """Against the definition, looked up one range after the other; zeros behind a shorter PAN."""
    whole = pan.ljust(19, "0")
    matching = [one for one in ranges if one.first <= whole[: len(one.first)] <= one.last]
    best = max(
        matching,
        key=lambda one: (len(one.first), one.priority, -ranges.index(one)),
        default=None,
    )
    assert deciding(ranges, pan) == best
    facts = BinTable(ranges).range_of(pan)
    assert (facts.issuer if facts is not None else None) == (best.issuer if best else None)


@given(st.sets(st.integers(100_000, 999_999), min_size=1, max_size=40), st.integers(0, 10**16 - 1))
def test_many_ranges_are_found_by_their_first_digits(firsts: set[int], number: int) -> None:
    """All over the place, so that a look-up begins in each of the table's groups."""
    table = BinTable([span(str(one), str(one), str(one)) for one in firsts])
    for pan in (f"{number:016d}", *(f"{one}0000000000" for one in firsts)):
        found = table.range_of(pan)
        expected = pan[:6] if int(pan[:6]) in firsts else None
        assert (found.issuer if found is not None else None) == expected


@pytest.mark.parametrize("digits", ["9504x1", "950400000000000000x", "9504\u0661\u0661"])
def test_what_is_no_number_has_no_place(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        BinTable([span("9504", "9504", "atlas")]).range_of(digits)


@given(
    st.lists(st.one_of(st.integers(1, 3), st.integers(1, 10**9)), min_size=20, max_size=200),
    st.lists(st.integers(0, 200), max_size=20),
    st.integers(0, 10**16 - 1))
def test_a_look_up_finds_its_piece_wherever_they_crowd(
    gaps: list[int], chosen: list[int], number: int
) -> None:
    """Many in one group, not evenly: a guess where a card would lie is far off as often as not."""
    firsts = list(accumulate(gaps, initial=950_400_000_000_000))
    table = BinTable([span(str(one), str(one), str(one)) for one in firsts])
    near = [firsts[at % len(firsts)] + off for at in chosen for off in (-1, 0, 1)]
    for first in [*near, number // 10]:
        found = table.range_of(f"{first:015d}0")
        expected = str(first) if first in firsts else None
        assert (found.issuer if found is not None else None) == expected


def test_a_look_up_finds_the_ends_of_a_crowd() -> None:
    """Below all pieces of a group the one before decides, above them the last."""
    crowd = [span(f"{first}", f"{first}", "crowd") for first in range(95_049_900, 95_050_000)]
    table = BinTable([span("100000", "199999", "low"), *crowd])
    for pan, expected in (
        ("9504000000000000", None), ("9504990000000000", "crowd"), ("9504999999999999", "crowd"),
        ("9505000000000000", None), ("1999999999999999", "low")):  # fmt: skip
        found = table.range_of(pan)
        assert (found.issuer if found is not None else None) == expected


@given(st.lists(st.integers(-(10**18) * 5, 10**18 * 5 - 1)))
def test_the_order_by_digits_is_the_order_by_comparing(lows: list[int]) -> None:
    """What compiles well and what runs well uncompiled; equals stay as they are."""
    column = array("q", lows)
    if sys.byteorder == "big":
        column.byteswap()
    expected = sorted(range(len(lows)), key=lows.__getitem__)
    assert list(sorted_by_digits(column.tobytes())) == expected
    assert list(sorted_by_comparing(column.tobytes())) == expected
