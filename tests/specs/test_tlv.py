"""TLV from outside: bounded, nested, and never a crash."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.tlv import SECRET_TAGS, NotTlv, first, parsed, without

PURCHASE = bytes.fromhex("9F02060000000123455F3401025A0841111111111111119F2701805F2A020504")
TEMPLATE = bytes.fromhex("7106860484240000" "8A023030")


def test_objects_in_order_with_names_and_offsets() -> None:
    found = parsed(PURCHASE)
    assert [(o.tag, o.offset, o.value_offset) for o in found] == [
        ("9F02", 0, 3), ("5F34", 9, 12), ("5A", 13, 15), ("9F27", 23, 26), ("5F2A", 27, 30)]
    assert found[0].name == "Amount, authorized"
    assert found[2].value.hex() == "4111111111111111"


def test_templates_are_opened() -> None:
    script, code = parsed(TEMPLATE)
    assert script.tag == "71"
    assert [child.tag for child in script.children] == ["86"]
    assert script.children[0].offset == 2
    assert code.value == b"00"


def test_a_template_that_holds_no_tlv_is_left_as_it_is() -> None:
    (found,) = parsed(bytes.fromhex("7106112233445566"))
    assert found.children == ()
    assert found.value.hex() == "112233445566"


def test_zero_bytes_between_objects_are_skipped() -> None:
    assert [o.tag for o in parsed(b"\x00" + PURCHASE[:9] + b"\x00\x00" + PURCHASE[9:13])] == [
        "9F02", "5F34"]


def test_the_first_of_a_tag() -> None:
    assert first(PURCHASE, "5F2A") == bytes.fromhex("0504")
    assert first(TEMPLATE, "86") == bytes.fromhex("84240000")
    assert first(PURCHASE, "57") is None
    assert first(b"\x9f", "57") is None


def test_secret_tags_are_taken_out_for_storage() -> None:
    kept = without(PURCHASE, SECRET_TAGS)
    assert first(kept, "5A") is None
    assert kept == PURCHASE[:13] + PURCHASE[23:]
    assert without(b"\x5a\x09", SECRET_TAGS) == b""


@pytest.mark.parametrize(
    ("data", "offset"),
    [("9F", 0), ("9F81818181", 0), ("82", 1), ("8203", 0), ("820300", 0), ("8285", 1),
     ("8280", 1), ("82021122" "9F02", 6), ("8284FFFFFFFF", 0)],
)
def test_what_is_no_tlv_is_refused_with_its_place(data: str, offset: int) -> None:
    with pytest.raises(NotTlv) as caught:
        parsed(bytes.fromhex(data))
    assert caught.value.offset == offset


def test_too_many_objects_are_refused() -> None:
    with pytest.raises(NotTlv):
        parsed(bytes.fromhex("9C00") * 300)


def test_deep_templates_end() -> None:
    data = b""
    for _ in range(20):
        data = b"\x70" + bytes([len(data)]) + data
    depth, found = 0, parsed(data)
    while found:
        depth, found = depth + 1, list(found[0].children)
    assert depth == 5


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        parsed(data)
    except NotTlv as error:
        assert 0 <= error.offset <= len(data)  # noqa: PT017  either outcome is right
    first(data, "57")
    without(data, SECRET_TAGS)


def test_an_object_prints_its_tag_only() -> None:
    assert repr(parsed(PURCHASE)[2]) == "<Tlv 5A of 8 bytes>"
