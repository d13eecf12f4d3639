"""Values of one dialect in the words of another."""
from hypothesis import given, settings
from hypothesis import strategies as st

from router.wire.codec import Codec
from router.wire.transcode import fitted
from specs.versions import translate
from tests.wire.drawn import CODECS, messages

TRACK = "4111111111111111=29122011234567890"


def carried(values: dict[int, str], source: Codec, target: Codec, mti: str) -> dict[int, str]:
    """As the target writes them."""
    version, wanted = source.dialect.version, target.dialect.version
    if version != wanted:
        _, values = translate(values, mti, version, wanted)
    return fitted(values, target)


def test_track_2_is_written_with_d_in_digits_and_with_an_equals_sign_in_text() -> None:
    assert fitted({35: TRACK}, CODECS["visa-like"]) == {35: TRACK.replace("=", "D")}
    assert fitted({35: TRACK.replace("=", "D") + "F"}, CODECS["national"]) == {35: TRACK}


def test_fixed_text_is_filled_up() -> None:
    assert fitted({41: "TERM1", 42: "SHOP", 23: "1"}, CODECS["national"]) == {
        41: "TERM1   ", 42: "SHOP           ", 23: "001"}


def test_what_has_no_room_is_left_out_and_words_are_cut() -> None:
    long_name = "A very long name of a shop in Casablanca, Morocco"
    ready = fitted({43: long_name, 48: "x" * 300, 65: "00", 2: "4" * 20}, CODECS["visa-like"])
    assert ready == {43: long_name[:40]}


def test_hexadecimal_digits_of_text_become_bytes() -> None:
    """A peer that writes DE 52 in digits may write them in lower case."""
    assert fitted({52: "0123456789abcdef"}, CODECS["national"]) == {52: "0123456789ABCDEF"}
    assert fitted({52: "not hexadecimal!"}, CODECS["national"]) == {}


def test_between_versions() -> None:
    values = {4: "000000010000", 11: "000001", 18: "5411", 35: TRACK}
    ready = carried(values, CODECS["iso87-ascii"], CODECS["iso93-binary"], "0100")
    assert ready == {4: "000000010000", 11: "000001", 24: "100", 26: "5411",
                     35: TRACK.replace("=", "D")}


@settings(max_examples=400, deadline=None)
@given(messages(sorted(CODECS)), st.sampled_from(sorted(CODECS)))
def test_what_is_carried_can_be_written(
    drawn: tuple[Codec, str, dict[int, str]], target: str
) -> None:
    """Whatever one dialect can hold, the other writes after it was fitted, without an error."""
    codec, mti, values = drawn
    ready = carried(values, codec, CODECS[target], mti)
    assert CODECS[target].written("0100", ready).values() == ready
