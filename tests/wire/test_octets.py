"""A look at eight bytes at once says what a look at each would."""
from hypothesis import example, given
from hypothesis import strategies as st

from router.wire.octets import are_ascii, are_digits

MOSTLY_DIGITS = st.text("0123456789", max_size=40).map(str.encode)
ONE_BYTE = st.integers(0, 255)


@st.composite
def stretches(draw: st.DrawFn) -> tuple[bytes, int, int]:
    """Bytes, most of the time digits but for one, and a part of them."""
    data = bytearray(draw(MOSTLY_DIGITS | st.binary(max_size=40)))
    if data and draw(st.booleans()):
        data[draw(st.integers(0, len(data) - 1))] = draw(ONE_BYTE)
    start = draw(st.integers(0, len(data)))
    return bytes(data), start, draw(st.integers(start, len(data)))


@given(stretches())
@example((b"", 0, 0))
def test_text_and_digits_are_known(drawn: tuple[bytes, int, int]) -> None:
    data, start, stop = drawn
    assert are_ascii(data, start, stop) == data[start:stop].isascii()
    assert are_digits(data, start, stop) == data[start:stop].isdigit()


def test_each_byte_is_judged_in_each_place() -> None:
    for place in range(19):
        for byte in range(256):
            data = b"1" * place + bytes((byte,)) + b"8" * (18 - place)
            assert are_ascii(data, 0, 19) == (byte < 0x80)
            assert are_digits(data, 0, 19) == (0x30 <= byte <= 0x39)
