"""No rendering of a PAN shows it."""
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.wire.pan import Pan


@given(st.text("0123456789", min_size=12, max_size=19), st.sampled_from(["", "s", ">30", "<5"]))
def test_no_rendering_shows_it(digits: str, form: str) -> None:
    pan = Pan(digits)
    middle = digits[6:-4]
    for shown in (str(pan), repr(pan), f"{pan:{form}}" if form else f"{pan}", "%s" % pan):  # noqa: UP031  also %
        assert digits not in shown
        if len(digits) >= 13:
            assert digits[:6] + "*" * len(middle) + digits[-4:] in shown


def test_revealed_only_on_request() -> None:
    assert Pan("4111111111111111").reveal() == "4111111111111111"


def test_a_short_number_shows_nothing() -> None:
    """First six and last four of twelve digits would leave two to guess."""
    assert str(Pan("411111111111")) == "*" * 12


def test_the_account_part_that_a_pin_block_binds() -> None:
    assert Pan("4111111111111111").account_12 == "111111111111"
    assert Pan("4000001234567899").account_12 == "000123456789"


def test_equality_and_hash_are_those_of_its_digits() -> None:
    assert Pan("4111111111111111") == Pan("4111111111111111")
    assert len({Pan("4111111111111111"), Pan("4111111111111111")}) == 1
    assert Pan("4111111111111111") != "4111111111111111"


def test_it_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Pan("4111111111111111"))
