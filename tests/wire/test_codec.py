"""The codec alone: edits, faults, hostile bytes, limits."""
import pickle
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from noyau.flat_form import flat, message_of
from router.wire.codec import Codec, MalformedMessage, Unwritable
from router.wire.element import UNREADABLE
from router.wire.message import MissingElement
from router.wire.shapes import SHAPES_MAX
from specs.dialect import load_dialect
from specs.rules import ElementRule
from tests.wire.drawn import CODECS, damaged, messages

ALL = sorted(CODECS)
ASCII = CODECS["iso87-ascii"]
NATIONAL = CODECS["national"]
BINARY = CODECS["iso87-binary"]
PURCHASE = {2: "4111111111111111", 3: "000000", 4: "000000010000", 7: "1124004500", 11: "000001",
            35: "4111111111111111=29122011234567890", 41: "TERM0001", 49: "504",
            52: "0123456789ABCDEF"}


@settings(max_examples=400, deadline=None)
@given(messages(ALL))
def test_what_is_written_reads_back(drawn: tuple[Codec, str, dict[int, str]]) -> None:
    codec, mti, values = drawn
    message = codec.written(mti, values)
    assert message.mti == mti
    assert message.values() == values
    assert message.elements() == sorted(values)
    assert codec.scan(message.data).values() == values


@settings(max_examples=400, deadline=None)
@given(messages(ALL), st.data())
def test_an_edit_is_the_message_written_anew(
    drawn: tuple[Codec, str, dict[int, str]], data: st.DataObject
) -> None:
    """Whether the bytes are spliced or the message is put together again."""
    codec, mti, values = drawn
    _, _, other = data.draw(messages([codec.dialect.name]))
    removed = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    changes: dict[int, str | None] = dict(other) | dict.fromkeys(removed)
    edited = codec.written(mti, values).replacing("0110", changes)
    kept = {number: text for number, text in (values | changes).items() if text is not None}
    assert edited.data == codec.written("0110", kept).data
    assert edited.values() == kept


@settings(max_examples=1000, deadline=None)
@given(damaged(ALL))
@example((ASCII, b""))
@example((ASCII, b"0100"))
@example((NATIONAL, b"0100\xff"))
@example((NATIONAL, b"0100" + b"\xff" * 16))
def test_damaged_bytes_are_read_or_refused_with_a_place(drawn: tuple[Codec, bytes]) -> None:
    codec, data = drawn
    codec.salvaged(data)
    try:
        message = codec.scan(data)
        codec.verify(message)
    except MalformedMessage as caught:
        fault = caught
    else:
        assert message_of(codec, flat(message, reveal=True)).data == data
        return
    assert 0 <= fault.offset <= len(data)
    assert fault.expected


def test_a_sign_that_is_no_character_is_refused() -> None:
    """x+n: a sign in one character, then BCD digits; found by the test above."""
    written = BINARY.written("0221", {28: "C00000001"}).data
    with pytest.raises(MalformedMessage) as caught:
        BINARY.verify(BINARY.scan(written.replace(b"C", b"\xe9")))
    assert (caught.value.element, caught.value.offset) == (28, 10)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(ALL), st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(name: str, data: bytes) -> None:
    codec = CODECS[name]
    try:
        message = codec.scan(data)
        message.values()
        codec.verify(message)
    except MalformedMessage:
        pass
    codec.salvaged(data)


def test_a_fault_never_carries_the_bytes() -> None:
    message = ASCII.written("0100", PURCHASE)
    with pytest.raises(MalformedMessage) as caught:
        ASCII.scan(message.data[:-1])
    assert "4111" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the head of the message at byte 0: expected 4 bytes before the bitmap,"
              " and a bitmap, found 0 bytes in all"),
        (b"0100", "the bitmap at byte 4: expected 4 bytes before the bitmap, and a bitmap,"
                  " found 4 bytes in all"),
        (b"0100XYZ", "the bitmap at byte 4: expected hexadecimal digits, found something else"),
        (b"01002000", "the bitmap at byte 4: expected a bitmap of 16 bytes, found 4 bytes"),
        (b"01004000000000000000", "element 2 at byte 20: expected a length in ascii of 2 bytes,"
                                  " at most 19 characters, found the end of the message"),
        (b"0100400000000000000020", "element 2 at byte 20: expected a length in ascii of 2 bytes,"
                                    " at most 19 characters, found the length 20"),
        (b"01004000000000000000 1", "element 2 at byte 20: expected a length in ascii of 2 bytes,"
                                    " at most 19 characters, found no number"),
        (b"0100400000000000000003123", ""),
        (b"010040000000000000000312", "element 2 at byte 22: expected 3 bytes, found 2 bytes"),
        (b"01004000000000000000031234", "element 2 at byte 25: expected the end of the message,"
                                        " found 1 more bytes"),
        (b"010080000000000000008000000000000000", "element 65 at byte 4: expected no tertiary"
                                                  " bitmap (elements 129 to 192)"),
    ],
)
def test_each_fault_names_element_byte_and_what_was_expected(data: bytes, said: str) -> None:
    if not said:
        assert ASCII.scan(data).text(2) == "123"
        return
    with pytest.raises(MalformedMessage) as caught:
        ASCII.scan(data)
    assert str(caught.value) == said


def test_another_filling_digit_is_refused() -> None:
    """DE 22 has three digits, so the first half of its two bytes must be the filling zero."""
    data = BINARY.written("0100", {11: "000001", 22: "051"}).data
    assert data[-2:] == b"\x00\x51"
    with pytest.raises(MalformedMessage) as caught:
        BINARY.scan(data[:-2] + b"\x10\x51")
    assert caught.value.element == 22
    assert caught.value.offset == len(data) - 2


def test_a_variable_number_is_filled_up_on_its_own_side() -> None:
    """An odd PAN: 0n by one dialect, n0 and nF by others; each refuses its neighbours'."""
    written = {name: CODECS[name].written("0100", {2: "4000001234567"}).data
               for name in ("bcd-0n", "bcd-n0", "bcd-nf")}
    assert {data[-7:].hex() for data in written.values()} == {
        "04000001234567", "40000012345670", "4000001234567f"}
    for name, codec in ((name, CODECS[name]) for name in written):
        for writer, data in written.items():
            if writer == name:
                assert codec.scan(data).text(2) == "4000001234567"
                continue
            with pytest.raises(MalformedMessage) as caught:
                codec.scan(data)
            assert caught.value.element == 2
            assert "filled up with" in caught.value.expected


def test_bytes_above_7f_in_an_ascii_text_are_refused_by_verify_only() -> None:
    """The layout stands; a router may still answer the message, a person is told."""
    data = ASCII.written("0100", {11: "000001", 43: "x" * 40}).data.replace(b"x" * 40, b"\xe9" * 40)
    message = ASCII.scan(data)
    assert message.text(43) == "\xe9" * 40
    with pytest.raises(MalformedMessage) as caught:
        ASCII.verify(message)
    assert (caught.value.element, caught.value.expected) == (43, "ASCII characters")


def test_what_stands_before_the_fault_is_saved() -> None:
    """MTI and STAN are enough to answer a malformed request with 30."""
    data = ASCII.written("0100", PURCHASE).data
    found = ASCII.salvaged(data[:-1])
    assert found is not None
    assert found[0] == "0100"
    assert found[11] == "000001"
    assert 52 not in found


def test_nothing_is_saved_without_a_stan() -> None:
    assert ASCII.salvaged(b"0100") is None
    assert ASCII.salvaged(ASCII.written("0100", {2: "4111111111111111"}).data) is None
    assert ASCII.salvaged(b"XXXX0020000000000000000001") is None


def test_bitmaps_beyond_the_limit_are_laid_out_each_time() -> None:
    """A peer that sends ever new bitmaps pays with slow scans; we do not pay with memory."""
    codec = Codec(load_dialect("national"))
    texts = {n: "0" * codec.dialect.elements[n].length_max for n in range(3, 16)}
    for chosen in range(SHAPES_MAX + 100):
        values = {n: text for n, text in texts.items() if chosen >> (n - 3) & 1}
        written = codec.written("0100", values)
        assert written.elements() == sorted(values)
        assert codec.scan(written.data).elements() == sorted(values)
    assert len(codec._shapes) == SHAPES_MAX


def prefixed(rule: ElementRule, units: int) -> bytes:
    """A length as the dialect writes it."""
    digits = str(units).zfill(rule.prefix_digits)
    if rule.prefix_encoding == "binary":
        return units.to_bytes(rule.prefix_bytes, "big")
    if rule.prefix_encoding == "bcd":
        return bytes.fromhex(digits.zfill(2 * rule.prefix_bytes))
    return digits.encode("cp500" if rule.prefix_encoding == "ebcdic" else "ascii")


def counted(rule: ElementRule, units: int) -> int:
    """The bytes of so many of what the length counts."""
    if rule.kind == "x+n" and rule.encoding == "bcd":
        return 1 + units // 2
    if rule.counts == "nibbles":
        return (units + 1) // 2 if rule.encoding == "bcd" else units // 2
    return 2 * units if "hex" in rule.encoding and rule.counts == "bytes" else units


@pytest.mark.parametrize("name", ALL)
def test_every_length_prefix_announces_what_it_says_or_nothing(name: str) -> None:
    """Each way that a dialect writes a length: all of one and two bytes, near ones of more."""
    ways = {
        (rule.prefix_encoding, rule.prefix_bytes, rule.prefix_max, rule.encoding, rule.counts): rule
        for rule in CODECS[name].dialect.elements.values() if rule.prefix_bytes
    }
    for rule in ways.values():
        element = CODECS[name].element(rule.number)
        assert element is not None
        step = 2 if element.counts_halves else 1
        known = {prefixed(rule, n): counted(rule, n) for n in range(0, rule.prefix_max + 1, step)}
        low = 256 ** min(rule.prefix_bytes, 2)
        tried = {n.to_bytes(rule.prefix_bytes, "big") for n in range(low)}
        tried |= {one[:at] + bytes((byte,)) + one[at + 1:] for one in list(known)[:12]
                  for at in range(rule.prefix_bytes) for byte in range(256)}
        for prefix in tried | known.keys():
            assert element.announced(prefix, rule.prefix_bytes) == known.get(prefix, UNREADABLE)
        assert element.announced(prefixed(rule, 0)[1:], rule.prefix_bytes) == UNREADABLE


@pytest.mark.parametrize("name", ALL)
def test_messages_of_one_layout_have_an_mti_each(name: str) -> None:
    codec = CODECS[name]
    for mti in ("0100", "0200", "0100", "0110"):
        assert codec.scan(codec.written(mti, {11: "000001"}).data).mti == mti


def test_the_order_of_values_is_none_of_the_message() -> None:
    reversed_values = dict(reversed(PURCHASE.items()))
    assert ASCII.written("0100", reversed_values).data == ASCII.written("0100", PURCHASE).data


def test_an_announced_length_costs_no_memory() -> None:
    """Ten bytes that announce 999 are refused as ten bytes."""
    data = ASCII.written("0100", {48: ""}).data[:-3] + b"999"
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessage):
            ASCII.scan(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64_000


def test_a_spare_secondary_bitmap_is_told_and_kept() -> None:
    data = b"0800" + b"8220000000000000" + b"0" * 16 + b"1124004500" + b"000001"
    message = ASCII.scan(data)
    assert message.elements() == [7, 11]
    assert message.spare_bitmap == "0" * 16
    assert ASCII.written(message.mti, message.values() | {1: message.spare_bitmap}).data == data
    assert message.replacing(None, {11: "000002"}).data == data[:-1] + b"2"


def test_a_header_is_kept_and_its_size_enforced() -> None:
    codec = CODECS["visa-like"]
    header = bytes(range(22))
    message = codec.written("0100", {11: "000001"}, header)
    assert message.header == header
    assert message.replacing(None, {39: "00"}).header == header
    with pytest.raises(Unwritable):
        codec.written("0100", {11: "000001"}, b"\x16")


def test_absent_elements() -> None:
    message = ASCII.written("0100", {11: "000001"})
    assert (message.get(2), message.written(2), message.number(2)) == ("", b"", -1)
    assert not message.has(2)
    with pytest.raises(MissingElement):
        message.text(2)
    assert message.replacing(None, {2: None}).data == message.data


@pytest.mark.parametrize(
    ("number", "text", "reason"),
    [
        (3, "1", "1 characters, expected exactly 6"),
        (2, "1" * 20, "20 characters, expected at most 19"),
        (43, "\u20ac" * 40, "has characters that ascii cannot write"),
        (65, "00", "the dialect iso87-ascii has no such element"),
        (129, "00", "the dialect iso87-ascii has no such element"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(number: int, text: str, reason: str) -> None:
    with pytest.raises(Unwritable) as caught:
        ASCII.written("0100", {number: text})
    assert (caught.value.element, caught.value.reason) == (number, reason)


def test_digits_only_in_bcd() -> None:
    with pytest.raises(Unwritable) as caught:
        BINARY.written("0100", {2: "41111111 1111111"})
    assert "4111" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_message_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(ASCII.written("0100", PURCHASE))


def test_a_message_prints_its_elements_numbers_only() -> None:
    assert repr(ASCII.written("0100", PURCHASE)) == (
        "<Message 0100 with [2, 3, 4, 7, 11, 35, 41, 49, 52]>"
    )


@settings(max_examples=300, deadline=None)
@given(messages(ALL))
def test_an_element_as_it_stands_is_read_in_its_place(
    drawn: tuple[Codec, str, dict[int, str]]
) -> None:
    """With its prefix, as a number where it is one, and DE 39 whatever the one before said."""
    codec, mti, values = drawn
    message = codec.written(mti, values)
    for number, text in values.items():
        if number == 1:
            continue
        element = codec.element(number)
        assert element is not None
        assert message.written(number) == element.bytes_of(text)
        is_number = text.isascii() and text.isdigit() and len(text) <= 18
        assert message.number(number) == (int(text) if is_number else -1)
    assert message.code() == values.get(39, "")


@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary", "iso93-ascii"])
def test_each_response_says_its_own_code(name: str) -> None:
    codec = CODECS[name]
    codes = ["00", "51", "00", "00", "05", "51"]
    if codec.version != 1987:
        codes = ["000", "116", "000", "000", "100", "116"]
    said = [codec.written("0110", {11: "000001", 39: code}).code() for code in codes]
    assert said == codes
