"""The quick look at chip data never misses a card's number that the full reading finds."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.wire.chip_data import may_name_card
from specs import tlv

OBJECTS = st.lists(st.tuples(
    st.sampled_from(["9F26", "9F10", "82", "95", "5A", "57", "70", "00", "9F8102"]),
    st.binary(max_size=200)), max_size=8)


def length(size: int) -> bytes:
    return bytes([size]) if size < 0x80 else bytes([0x81, size])


@settings(max_examples=500, deadline=None)
@given(OBJECTS | st.binary(max_size=60))
def test_no_number_is_missed(drawn: list[tuple[str, bytes]] | bytes) -> None:
    data = drawn if isinstance(drawn, bytes) else b"".join(
        bytes.fromhex(tag) + length(len(value)) + value for tag, value in drawn if tag != "00")
    if tlv.first(data, "5A") is not None or tlv.first(data, "57") is not None:
        assert may_name_card(data, 0, len(data))
        assert may_name_card(b"\x82\x05" + data + b"\x00", 2, 2 + len(data))


@pytest.mark.parametrize(("data", "may"), [
    ("9F2608A1B2C3D4E5F60708", False), ("5A089504010000000001", True), ("9F0102575A", False),
    ("00005A01", True), ("7003820100", False), ("7004820157", True), ("9F", False), ("82", False),
    ("", False),
    ("8289FFFFFFFFFFFFFFFFFF5A01", False), ("82890000000000000000015A5A0101", True),
])  # fmt: skip
def test_what_a_look_says(data: str, may: bool) -> None:
    chip = bytes.fromhex(data)
    assert may_name_card(chip, 0, len(chip)) is may
    among_others = b"\x9f\x10" + chip + b"\x5a\x08\x95"
    assert may_name_card(among_others, 2, 2 + len(chip)) is may
