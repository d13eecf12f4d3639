"""The planned way from dialect to dialect: the same as the slow one, and nothing else touched."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from librt.strings import BytesWriter

from router.wire.codec import Codec
from router.wire.given import GivenTexts
from router.wire.packer import Packer
from router.wire.transcode import fitted
from router.wire.transcoder import Transcoder
from specs.packed import NotPacked, packed, unpacked
from tests.builders import purchase
from tests.wire.drawn import CODECS, messages

GIVEN = {7: "1129120000", 11: "000123", 33: "950400"}
GIVEN_TEXTS = GivenTexts(GIVEN)
OF_1987 = sorted(name for name, codec in CODECS.items() if codec.dialect.version == 1987)


@settings(max_examples=400, deadline=None)
@given(messages(OF_1987), st.sampled_from(OF_1987))
def test_what_is_planned_is_what_the_slow_way_does(
    drawn: tuple[Codec, str, dict[int, str]], name: str
) -> None:
    """Or it says that it cannot. Alike elements pass as they came, whatever they hold."""
    codec, mti, values = drawn
    target = CODECS[name]
    message = codec.written(mti, values)
    values.pop(1, None)
    done = Transcoder(codec, target, but=(1,)).transcoded(message, "0100", GIVEN_TEXTS)
    if done is not None:
        assert done.mti == "0100"
        assert fitted(done.values(), target) == fitted({**values, **GIVEN}, target)


@settings(max_examples=200, deadline=None)
@given(messages(OF_1987))
def test_between_peers_of_one_dialect_nothing_else_changes(
    drawn: tuple[Codec, str, dict[int, str]]
) -> None:
    codec, mti, values = drawn
    message = codec.written(mti, values)
    done = Transcoder(codec, codec).transcoded(message, mti, GIVEN_TEXTS)
    assert done is not None
    for number in message.elements():
        if number not in GIVEN:
            assert done.raw(number) == message.raw(number)


def test_a_purchase_between_the_dialects_of_the_demo_needs_no_second_way() -> None:
    message = purchase(track_2="9504010000000001=29122011234567890")
    for name in ("iso87-ascii", "national", "iso87-binary"):
        done = Transcoder(message.codec, CODECS[name]).transcoded(message, "0100", GIVEN_TEXTS)
        assert done is not None
        assert (done.get(11), done.get(2), done.get(33)) == ("000123", message.get(2), "950400")


def test_only_what_passes_passes() -> None:
    message = purchase()
    back = Transcoder(message.codec, message.codec, only=(2, 11, 41))
    done = back.transcoded(message, "0110", GivenTexts({39: "00"}))
    assert done is not None
    assert done.values() == {2: message.get(2), 11: message.get(11), 39: "00", 41: message.get(41)}


def test_each_message_gets_the_plan_for_what_is_given_with_it() -> None:
    """One layout, planned for one MTI and one set of elements, then for others, in turns."""
    message = purchase()
    way = Transcoder(message.codec, message.codec, only=(2, 11))
    kept = {2: message.get(2), 11: message.get(11)}
    answers = [{39: "00"}, {38: "A00001", 39: "00"}, {38: "A00002", 39: "10"}, {39: "05"},
               {4: "000000000001", 39: "00"}, {39: "00", 38: "A00003"}]
    for mti in ("0110", "0210", "0110"):
        for given_now in answers:
            done = way.transcoded(message, mti, GivenTexts(given_now))
            assert done is not None
            assert (done.mti, done.values()) == (mti, {**kept, **given_now})
            assert message.codec.scan(done.data).values() == done.values()


def test_what_does_not_fit_as_it_stands_is_left_to_the_slow_way() -> None:
    message = purchase()
    way = Transcoder(message.codec, CODECS["iso87-binary"])
    assert way.transcoded(message, "0100", GivenTexts({11: "12"})) is None
    assert way.transcoded(message, "0100", GivenTexts({4: "00000000ABCD"})) is None


@settings(max_examples=200, deadline=None)
@given(messages(OF_1987))
def test_what_is_packed_is_what_was_there(drawn: tuple[Codec, str, dict[int, str]]) -> None:
    codec, mti, values = drawn
    chosen = {n: text for n, text in values.items() if len(text) <= 255 and n != 1}
    message = codec.written(mti, values)
    writer = BytesWriter()
    Packer(chosen).pack(message, writer)
    assert unpacked(writer.getvalue()) == {
        n: text for n, text in chosen.items() if text}


def test_digits_are_packed_whatever_fills_them_up() -> None:
    """BCD: an odd number of them, filled on either side, pairs side by side, and A to F."""
    values = {2: "95040100000000012", 3: "003000", 4: "000000012345", 11: "000123", 22: "051",
              32: "50477", 35: "9504010000000001D2912201A", 41: "TERM0001", 49: "504"}
    for name in OF_1987:
        readable = fitted(values, CODECS[name])
        message = CODECS[name].written("0100", readable)
        writer = BytesWriter()
        Packer(readable).pack(message, writer)
        assert unpacked(writer.getvalue()) == message.values() == readable


def test_one_packer_serves_messages_of_all_layouts() -> None:
    """It remembers how the last one was laid out."""
    packer = Packer((2, 3, 4, 11, 41))
    texts = [{2: "9504010000000001", 11: "000123"}, {3: "000000", 41: "TERM0001"},
             {2: "4111", 11: "000124"}, {2: "", 11: "000125"}, {2: "95040100", 11: "000126"}]
    for name in ("national", "iso87-binary"):
        for values in texts:
            message = CODECS[name].written("0100", values)
            writer = BytesWriter()
            packer.pack(message, writer)
            assert unpacked(writer.getvalue()) == {n: text for n, text in values.items() if text}


TEXTS = st.text(st.characters(max_codepoint=255), max_size=255)


@given(st.dictionaries(st.integers(2, 128), TEXTS))
def test_values_are_packed_and_unpacked(values: dict[int, str]) -> None:
    assert unpacked(packed(values)) == values


@pytest.mark.parametrize("data", [b"\x01", b"\x01\x02\x05abcd", b"\x00", b"\x02\x02\x01a"])
def test_bytes_that_nobody_packed_are_no_elements(data: bytes) -> None:
    with pytest.raises(NotPacked):
        unpacked(data)
