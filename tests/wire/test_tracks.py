"""The quick look at track 2 says yes only where the full reading finds the card of DE 2."""
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.switching.card_number import track_2_pan
from router.wire.tracks import is_track_of_card
from tests.builders import message

DIALECTS = ("iso87-ascii", "iso87-binary", "iso87-ebcdic", "national")


@given(st.sampled_from(DIALECTS), st.sampled_from(("", "0")),
       st.text("0123456789", min_size=12, max_size=19),
       st.text("0123456789", max_size=3), st.sampled_from(("=", "D", "")),
       st.text("0123456789", max_size=12))
@example("iso87-ascii", "", "950401000000001", "", "=", "2812")
@example("iso87-binary", "", "950401000000001", "", "D", "28122")
@example("iso87-binary", "", "950401000000001", "", "D", "2812")
@example("iso87-binary", "", "9504010000000010", "0", "D", "2812")
@example("national", "", "9504010000000010", "1", "=", "2812")
@example("iso87-binary", "0", "950401000000001", "", "D", "281")
@example("iso87-binary", "0", "950401000000001", "", "D", "2812")
def test_it_never_says_yes_of_another_card(
        dialect: str, before: str, pan: str, more: str, separator: str, rest: str) -> None:
    if "binary" in dialect:
        separator = separator.replace("=", "D")
    track = before + pan + more + separator + rest
    made = message("0100", dialect, pan=pan, track_2=track)
    if is_track_of_card(made):
        assert track_2_pan(made.text(35)) == pan


@pytest.mark.parametrize(("dialect", "separator"), [
    ("iso87-ascii", "="), ("national", "="), ("iso87-binary", "D")])  # fmt: skip
def test_of_the_usual_one_it_does(dialect: str, separator: str) -> None:
    pan = "9504010000000001"
    made = message("0100", dialect, pan=pan, track_2=f"{pan}{separator}2812201000000000000")
    assert is_track_of_card(made)
    other = message("0100", dialect, pan=pan, track_2=f"{pan}2{separator}281220100000000000")
    assert not is_track_of_card(other)
