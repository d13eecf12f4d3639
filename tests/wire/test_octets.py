"""A look at eight bytes at once says what a look at each would."""
from hypothesis import example, given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from router.wire.octets import (
    are_all_zero,
    are_ascii,
    are_digits,
    are_hexadecimal,
    are_packed_digits,
    are_same,
    has_one_of,
    hashed,
    luhn_sum,
    small_number,
    write_hexadecimal,
    write_part,
    write_printable,
)

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
    is_hexadecimal = start < stop and not data[start:stop].strip(b"0123456789ABCDEF")
    assert are_hexadecimal(data, start, stop) == is_hexadecimal


def test_each_byte_is_judged_in_each_place() -> None:
    for place in range(19):
        for byte in range(256):
            data = b"1" * place + bytes((byte,)) + b"8" * (18 - place)
            assert are_ascii(data, 0, 19) == (byte < 0x80)
            assert are_digits(data, 0, 19) == (0x30 <= byte <= 0x39)
            assert are_hexadecimal(data, 0, 19) == (byte in b"0123456789ABCDEF")


@given(stretches(), st.integers(0, 40))
def test_what_else_is_looked_at(drawn: tuple[bytes, int, int], there: int) -> None:
    data, start, stop = drawn
    part = data[start:stop]
    assert has_one_of(data, start, stop, 0x35, 0xF7) == (b"5" in part or b"\xf7" in part)
    packed = bool(part) and all(byte >> 4 <= 9 and byte & 15 <= 9 for byte in part)
    assert are_packed_digits(data, start, stop) == packed
    if there + len(part) <= len(data):
        is_same = part == data[there:there + len(part)]
        assert are_same(data, start, stop, there) == is_same
    assert hashed(7, data, start, stop) == hashed(7, part, 0, len(part))
    assert 0 <= hashed(7, data, start, stop) < 1 << 61


@given(stretches())
def test_what_is_written_is_printable(drawn: tuple[bytes, int, int]) -> None:
    data, start, stop = drawn
    there = BytesWriter()
    there.write(b"before")
    write_printable(there, data, start, stop)
    printable = bytes(byte if byte >= 0x20 else 0x20 for byte in data[start:stop])
    assert there.getvalue() == b"before" + printable


@given(MOSTLY_DIGITS, MOSTLY_DIGITS)
def test_luhn(before: bytes, digits: bytes) -> None:
    doubled = [int(chr(digit)) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    expected = sum(one - 9 if one > 9 else one for one in doubled)
    whole = before + digits + b"99"
    is_zero = not digits.strip(b"0")
    assert are_all_zero(whole, len(before), len(before) + len(digits)) == is_zero
    assert luhn_sum(whole, len(before), len(before) + len(digits)) == expected


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
@example(bytes(200), 3, 190)
@example(bytes(range(100)), 91, 100)
def test_a_part_is_written_as_it_stands(data: bytes, one: int, other: int) -> None:
    start, stop = sorted((min(one, len(data)), min(other, len(data))))
    there = BytesWriter()
    there.write(b"before")
    write_part(there, data, start, stop)
    assert there.getvalue() == b"before" + data[start:stop]


@given(st.binary(max_size=40), st.integers(0, 40))
@example(bytes(range(256)), 0)
def test_bytes_are_written_in_hexadecimal_digits(data: bytes, start: int) -> None:
    start = min(start, len(data))
    there = BytesWriter()
    write_hexadecimal(there, data, start, len(data))
    assert there.getvalue().decode() == data[start:].hex().upper()


@given(st.binary(min_size=8, max_size=20) | MOSTLY_DIGITS.filter(lambda data: len(data) >= 8),
       st.integers(1, 8), ONE_BYTE)
def test_up_to_eight_digits_are_a_number(data: bytes, size: int, before: int) -> None:
    digits = data[-size:]
    data = bytes((before,)) + data
    expected = int(digits) if digits.isdigit() else -1
    assert small_number(data, len(data) - size, len(data)) == expected


def test_each_byte_is_judged_in_each_place_of_a_number() -> None:
    for place in range(8):
        for byte in range(256):
            data = b"1" * place + bytes((byte,)) + b"8" * (7 - place)
            assert small_number(data, 0, 8) == (int(data) if data.isdigit() else -1)
