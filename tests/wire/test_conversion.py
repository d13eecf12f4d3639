"""From bytes to bytes an element becomes what it would become by its text."""
from hypothesis import given, settings
from hypothesis import strategies as st
from librt.strings import BytesWriter

from router.wire.codec import Codec
from router.wire.conversion import Conversion
from router.wire.element import Element, Unwritable
from router.wire.message import Message
from router.wire.transcode import fitted, fitted_text
from tests.wire.drawn import CODECS, messages

NAMES = sorted(CODECS)
TELLING = b"0=9D:FAf\x00\x09\x3f\xd0\x0d\xf1\x99\xc4\xc6\x7e\xff"  # of tracks, fillings, edges


def by_text(message: Message, target: Element) -> bytes | None:
    fits = fitted_text(target.rule, message.text(target.number))
    if fits is None:
        return None
    try:
        return target.bytes_of(fits)
    except Unwritable:
        return None


def converted(message: Message, source: Element, target: Element) -> bytes | None:
    there = BytesWriter()
    there.write(b"before")
    if not Conversion(source, target).write(message, there):
        return None
    assert there.getvalue()[:6] == b"before"
    return there.getvalue()[6:]


@settings(max_examples=600, deadline=None)
@given(messages(NAMES), st.sampled_from(NAMES), st.data())
def test_an_element_becomes_what_its_text_would(
    drawn: tuple[Codec, str, dict[int, str]], name: str, data: st.DataObject
) -> None:
    """Whatever stands in it: some bytes are others than the dialect would write."""
    codec, mti, values = drawn
    written = codec.written(mti, values)
    changed = bytearray(written.data)
    for number in written.elements():
        start, stop = written.span(number)
        if stop > start and data.draw(st.booleans()):
            place = data.draw(st.integers(start, stop - 1))
            changed[place] = data.draw(st.sampled_from(TELLING) | st.integers(0, 255))
    message = Message(bytes(changed), codec, mti, written.shape, written.ends)
    for number in message.elements():
        source, target = codec.element(number), CODECS[name].element(number)
        if source is not None and target is not None:
            assert converted(message, source, target) == by_text(message, target)


def test_one_conversion_serves_contents_of_all_lengths() -> None:
    """It remembers the last prefix."""
    source, target = CODECS["iso87-ascii"], CODECS["iso87-binary"]
    came, leaves = source.element(2), target.element(2)
    assert came is not None
    assert leaves is not None
    conversion = Conversion(came, leaves)
    for digits in ("4111111111111111", "950401000000000", "950401000000001", "41", "9" * 19):
        there = BytesWriter()
        assert conversion.write(source.written("0100", {2: digits}), there)
        assert there.getvalue() == leaves.bytes_of(digits)


def test_odd_digits_are_filled_up_as_each_dialect_does() -> None:
    """From each dialect to each: on either side, with either digit, or not at all."""
    for source in CODECS.values():
        readable = fitted({2: "95040100000000012", 35: "9504010000000001=2912201"}, source)
        message = source.written("0100", readable)
        for target in CODECS.values():
            for number in readable:
                came, leaves = source.element(number), target.element(number)
                if came is not None and leaves is not None:
                    assert converted(message, came, leaves) == by_text(message, leaves)
