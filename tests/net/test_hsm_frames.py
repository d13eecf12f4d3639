"""Host commands as bytes, against what another client's codec writes.

Vectors: softwaregroup-bg/ut-codec-payshield (Apache-2.0), encode tests, translatePinZpkZpk and
decryptDataBlock, whose header is 4 characters; the answer pairs from its captured traffic.
"""
import pytest
from librt.strings import BytesWriter

from router.wire import hsm_frames
from router.wire.hsm_frames import KeyForm, MalformedAnswer

TRANSLATE = bytes.fromhex(
    "303031314343554242323234413044373038393945374432313641344444444136313543303738554545343234"
    "4536303845394346303037314532333946394531353033324338313132313444334530394344334236343536"
    "4530313031353430303238383030303130")
UNWRAP_KEY = "UB190F7FBB802EA14FAC7917D3F6EDB67"
WRAPPED = "81E6BDF350C73ED13698E2C1356B58622C3871D2846FC110DD7E7A9D1024EC08"


def translation(source: KeyForm, destination: KeyForm, pin_block: str) -> bytes:
    writer = BytesWriter()
    hsm_frames.write_keys(writer, source, destination)
    writer.write(pin_block.encode())
    hsm_frames.write_formats(writer, source, destination)
    writer.write(b"540028800010")
    return writer.getvalue()


def header(number: int) -> bytes:
    writer = BytesWriter()
    hsm_frames.write_header(writer, number)
    return writer.getvalue()


def test_a_translation_between_zone_keys_is_what_another_codec_writes() -> None:
    command = translation(
        KeyForm("zpk", "UBB224A0D70899E7D216A4DDDA615C078", "01"),
        KeyForm("zpk", "UEE424E608E9CF0071E239F9E15032C81", "01"), "14D3E09CD3B6456E")
    assert b"0011" + command == TRANSLATE


def test_a_terminal_key_asks_for_ca() -> None:
    command = translation(
        KeyForm("tpk", "U" + "0" * 32, "01"), KeyForm("zpk", "U" + "1" * 32, "47"), "A" * 16)
    assert command[:2] == b"CA"
    assert command.endswith(b"12" + b"A" * 16 + b"0147540028800010")


def test_unwrapping_is_what_another_codec_writes_but_for_the_output_format() -> None:
    """The vector asks for text (2) where we ask for hexadecimal digits (1)."""
    command = hsm_frames.unwrap_key(UNWRAP_KEY, WRAPPED)
    assert command == b"M2001100B" + UNWRAP_KEY.encode() + b"0040" + WRAPPED.encode()


def test_a_key_block_is_announced_as_one() -> None:
    """Key type FFF: the block itself says what it is."""
    key = "S00072D0TN00E0001BD79343066F46B9C1279E2DE4382E56E6DD5BDCE0F850C7E444799D9"
    command = hsm_frames.wrap_key(key, bytes.fromhex("ABCDEF1234567890"))
    assert command == b"M00011FFF" + key.encode() + b"0010ABCDEF1234567890"


def test_headers_are_printable_and_all_different() -> None:
    """Four characters; sixteen million of them before one is used again."""
    numbers = range(0, hsm_frames.HEADERS, 997)
    some = [header(number) for number in numbers]
    assert len(set(some)) == len(some)
    assert all(len(one) == 4 and one.isascii() and one.decode().isprintable() for one in some)
    assert [hsm_frames.number_in(one + b"CD00") for one in some] == list(numbers)


def test_an_accepted_translation_is_read() -> None:
    answer = b"0001CD0004" + b"06" + b"E614D4AFD47BD3BF" + b"01"
    assert hsm_frames.error_of(b"0001CD00", b"CC") == "00"
    assert hsm_frames.pin_block_of(answer.replace(b"0004", b"00", 1), 16) == "E614D4AFD47BD3BF"


def test_an_iso_4_block_has_thirty_two_digits() -> None:
    answer = b"0001CD00" + b"04" + b"AB" * 16 + b"48"
    assert hsm_frames.pin_block_of(answer, 32) == "AB" * 16


@pytest.mark.parametrize("frame", [
    b"0001", b"0001CD", b"0001CB00", b"0001CE00", b"0001\x00\x0000", b"",
])
def test_an_answer_to_something_else_is_refused(frame: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        hsm_frames.error_of(frame, b"CC")


@pytest.mark.parametrize("body", [
    b"", b"06E614D4AFD47BD3BF", b"06E614D4AFD47BD3BF012", b"06E614D4AFD47BD3BG01", b"06" + b"0" * 8,
])
def test_a_block_of_other_length_or_characters_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        hsm_frames.pin_block_of(b"0001CD00" + body, 16)
    assert "E614" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"0010", b"00100123456789ABCDE", b"XX10" + b"0" * 16])
def test_enciphered_data_of_another_length_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        hsm_frames.enciphered_of(b"0001M100" + body)


def test_enciphered_data_is_read() -> None:
    assert hsm_frames.enciphered_of(b"0001M1000010" + b"6DD932DE48520285") == "6DD932DE48520285"
