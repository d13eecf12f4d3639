"""pyiso8583 is the reference codec: byte for byte, both ways, wherever it can say a dialect."""
from typing import Any

import iso8583
import pytest
from hypothesis import given, settings
from iso8583.specs import default_ascii

from router.wire.codec import Codec, MalformedMessage, Unwritable
from specs.dialect import load_dialect
from specs.pyiso import CannotSay, pyiso8583_spec
from tests.wire.drawn import CODECS, SAYABLE, damaged, messages

SPECS = {name: pyiso8583_spec(CODECS[name].dialect) for name in SAYABLE}
TERTIARY = 65


@settings(max_examples=400, deadline=None)
@given(messages(SAYABLE))
def test_both_write_the_same_bytes_and_read_them_alike(
    drawn: tuple[Codec, str, dict[int, str]],
) -> None:
    codec, mti, values = drawn
    ours = codec.written(mti, values)
    theirs, _ = iso8583.encode(_theirs(codec, mti, values), SPECS[codec.dialect.name])
    assert ours.data == bytes(theirs)
    decoded, _ = iso8583.decode(ours.data, SPECS[codec.dialect.name])
    assert {n: decoded[str(n)] for n in ours.elements()} == ours.values() == values
    assert decoded["t"] == ours.mti


@settings(max_examples=1500, deadline=None)
@given(damaged(SAYABLE))
def test_both_refuse_the_same_bytes(drawn: tuple[Codec, bytes]) -> None:
    """But for lengths of half a character and of what is no number (" 7", "+7", "1_0")."""
    codec, data = drawn
    theirs = _decoded(data, SPECS[codec.dialect.name])
    try:
        ours = codec.scan(data)
        codec.verify(ours)
    except MalformedMessage as caught:
        fault = caught
    else:
        assert theirs is not None
        assert {n: theirs[str(n)] for n in ours.elements()} == ours.values()
        return
    assert theirs is None or _is_no_number(codec, fault)


def test_the_contract_of_iso87_ascii_is_default_ascii() -> None:
    """Acquirers may connect with pyiso8583 and its own specification, untouched."""
    ours = pyiso8583_spec(load_dialect("iso87-ascii"))
    for key in default_ascii.keys() - {"h", "65"}:
        said = {name: value for name, value in default_ascii[key].items() if name != "desc"}
        assert {name: ours[key][name] for name in said} == said, key


def test_a_bitmap_of_sixteen_bytes_without_bit_1_is_beyond_pyiso8583() -> None:
    with pytest.raises(CannotSay) as caught:
        pyiso8583_spec(load_dialect("bitmap16-ascii"))
    assert caught.value.reasons == ["a secondary bitmap that is sent without bit 1"]


def test_signed_bcd_is_beyond_pyiso8583() -> None:
    with pytest.raises(CannotSay) as caught:
        pyiso8583_spec(load_dialect("bcd-0n"))
    assert caught.value.reasons[0] == "element 28: a sign in one character before BCD digits"


@settings(max_examples=300, deadline=None)
@given(messages(SAYABLE))
def test_both_refuse_to_write_values_that_are_too_long(
    drawn: tuple[Codec, str, dict[int, str]],
) -> None:
    codec, mti, values = drawn
    for number in values:
        rule = codec.dialect.elements[number]
        unit = "00" if rule.kind == "b" or rule.counts == "bytes" else "0"
        longer = {number: unit * (rule.length_max + 1)}
        with pytest.raises(Unwritable) as caught:
            codec.written(mti, longer)
        assert caught.value.element == number
        with pytest.raises(iso8583.EncodeError):
            iso8583.encode(_theirs(codec, mti, longer), SPECS[codec.dialect.name])


def _theirs(codec: Codec, mti: str, values: dict[int, str]) -> dict[str, str]:
    said = {"t": mti} | {str(number): text for number, text in values.items()}
    if codec.dialect.header_bytes:
        said["h"] = codec.dialect.default_header.hex()
    return said


def _decoded(data: bytes, spec: dict[str, dict[str, Any]]) -> dict[str, str] | None:
    try:
        decoded, _ = iso8583.decode(data, spec)
    except (iso8583.DecodeError, KeyError):
        return None
    return decoded


def _is_no_number(codec: Codec, fault: MalformedMessage) -> bool:
    """The fault is a length or a bitmap that only int() or bytes.fromhex() take for digits."""
    if fault.element == TERTIARY:
        return True
    if fault.element == 1:
        return codec.dialect.bitmap_encoding != "binary" and fault.found == "something else"
    rule = codec.dialect.elements[fault.element]
    if rule.counts == "nibbles" and rule.encoding != "bcd" and fault.found[-1:] in tuple("13579"):
        return True  # half a character: pyiso8583 reads on, and could not write it again
    return fault.found == "no number" and rule.prefix_encoding in ("ascii", "ebcdic")
