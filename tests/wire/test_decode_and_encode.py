"""The commands `noyau decode` and `noyau encode`, as people call them."""
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from typer.testing import CliRunner, Result

from noyau.card_data import BULLET, masked_element
from noyau.cli import app
from noyau.flat_form import NoMessage, flat, message_of
from router.wire.codec import Codec
from tests.wire.drawn import CODECS, messages

PAN = "4111111111111111"
TRACK = f"{PAN}=29122011234567890"
CHIP = "9F02060000000123455A08" + PAN + "5711" + PAN + "D29122010000000000" + "7106860484240000"
PURCHASE = {2: PAN, 3: "000000", 4: "000000010000", 7: "1124004500", 11: "000001", 22: "051",
            35: TRACK, 41: "TERM0001", 45: "B" + PAN + "^DOE/J^2912", 48: "CVV2=123",
            49: "504", 52: "0123456789ABCDEF", 55: CHIP}
DATA = CODECS["national"].written("0100", PURCHASE).data
HEX = DATA.hex()
SECRETS = (PAN, TRACK[17:], "0123456789ABCDEF", "D2912201", "CVV2=123", "DOE")


def noyau(*words: str, given_input: bytes | str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=given_input)


def test_the_flat_form_is_one_object_on_one_line() -> None:
    done = noyau("decode", "--dialect", "national", "--json", "--reveal", HEX)
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == {"t": "0100"} | {str(n): v for n, v in PURCHASE.items()}


@pytest.mark.parametrize("options", [(), ("--json",), ("--json", "--detail")])
def test_card_data_is_masked_unless_revealed(options: tuple[str, ...]) -> None:
    done = noyau("decode", "--dialect", "national", *options, HEX)
    assert done.exit_code == 0
    for secret in SECRETS:
        assert secret not in done.stdout
    assert "411111******1111" in done.stdout
    assert "9F0206000000012345" in done.stdout  # other chip data is there


def test_every_element_stands_in_words_with_its_byte() -> None:
    done = noyau("decode", "--dialect", "national", HEX)
    lines = {line.split()[2]: line.split() for line in done.stdout.splitlines()[2:]}
    assert lines["t"][0] == "0"
    assert "authorization request" in " ".join(lines["t"])
    assert lines["2"][:2] == ["12", "2+16"]
    assert DATA[12:14] == b"16"
    assert "chip, takes PINs" in " ".join(lines["22"])
    assert "(MAD)" in " ".join(lines["49"])
    assert int(lines["5A"][0]) == DATA.index(bytes.fromhex("5A08" + PAN))
    assert "Application PAN" in " ".join(lines["5A"])
    assert int(lines["86"][0]) == DATA.index(bytes.fromhex("860484240000"))


def test_chip_data_in_hexadecimal_digits_is_opened_where_it_stands() -> None:
    data = CODECS["iso87-ascii"].written("0100", {55: CHIP}).data
    done = noyau("decode", "--json", "--detail", data.hex())
    tlv = json.loads(done.stdout)["detail"]["55"]["tlv"]
    assert [tag["tag"] for tag in tlv] == ["9F02", "5A", "57", "71"]
    assert data[tlv[1]["offset"] :].startswith(b"5A08")
    assert tlv[1]["value"] == "*" * 16
    assert tlv[3]["tlv"][0]["name"] == "Issuer script command"


def test_detail_has_offsets_and_words() -> None:
    done = noyau("decode", "--dialect", "national", "--json", "--detail", HEX)
    detail = json.loads(done.stdout)["detail"]
    assert detail["4"] == {"offset": 36, "prefix_bytes": 0, "bytes": 12,
                           "name": "Amount, transaction", "value": "000000010000", "words": ""}
    assert detail["3"]["words"].startswith("purchase")


def test_a_bad_message_is_named_by_element_and_byte_without_card_data() -> None:
    done = noyau("decode", "--dialect", "national", HEX[:-4])
    assert done.exit_code == 1
    assert "element 55 at byte " in done.stderr
    assert "expected" in done.stderr
    for secret in SECRETS:
        assert secret not in done.stderr + done.stdout
    assert "Amount, transaction" in done.stdout  # what stood before the fault
    assert noyau("decode", "--json", "--dialect", "national", HEX[:-4]).stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dialect", "nowhere", HEX), "no such dialect"),
        (("no-such-file.hex",), "expected hexadecimal digits, the name of a file, or -"),
        (("123",), "an odd number of hexadecimal digits"),
    ],
)
def test_a_bad_call(words: tuple[str, ...], said: str) -> None:
    done = noyau("decode", *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_hexadecimal_digits_may_be_spaced_and_wrapped(tmp_path: Path) -> None:
    spaced = "\n".join(" ".join(HEX[i : i + 2] for i in range(at, at + 32, 2) if HEX[i : i + 2])
                       for at in range(0, len(HEX), 32))
    (tmp_path / "wrapped.hex").write_text(spaced)
    expected = noyau("decode", "--dialect", "national", "--json", HEX).stdout
    for words in ((spaced,), (str(tmp_path / "wrapped.hex"),)):
        assert noyau("decode", "--dialect", "national", "--json", *words).stdout == expected
    done = noyau("decode", "--dialect", "national", "--json", given_input=spaced)
    assert done.stdout == expected


def test_raw_bytes_in_a_file_after_a_length(tmp_path: Path) -> None:
    (tmp_path / "frame.bin").write_bytes(len(DATA).to_bytes(2, "big") + DATA)
    done = noyau("decode", "--dialect", "national", "--json", "--skip", "2", "--reveal",
                 str(tmp_path / "frame.bin"))
    assert json.loads(done.stdout)["2"] == PAN


def test_raw_bytes_that_look_like_digits() -> None:
    data = CODECS["iso87-ascii"].written("0800", {11: "000001"}).data
    done = noyau("decode", "--raw", "--json", given_input=data)
    assert json.loads(done.stdout) == {"t": "0800", "11": "000001"}


def test_one_message_per_line_the_bad_ones_named() -> None:
    done = noyau("decode", "--dialect", "national", "--json",
                 given_input=f"{HEX}\n\n{HEX[:-2]}\n{HEX}\n")
    assert done.exit_code == 1
    assert done.stdout.count("\n") == 2
    assert "message 2: element 55" in done.stderr


def test_what_decode_prints_encode_writes() -> None:
    printed = noyau("decode", "--dialect", "national", "--json", "--reveal",
                    given_input=f"{HEX}\n{HEX}\n").stdout
    done = noyau("encode", "--dialect", "national", given_input=printed)
    assert done.exit_code == 0
    assert done.stdout.split() == [HEX.upper(), HEX.upper()]


def test_encode_writes_the_bytes_themselves() -> None:
    done = noyau("encode", "--raw", '{"t": "0800",\n "11": "000001"}')
    assert done.stdout_bytes == b"08000020000000000000000001"


def test_masked_values_are_refused() -> None:
    printed = noyau("decode", "--dialect", "national", "--json", HEX).stdout
    done = noyau("encode", "--dialect", "national", printed)
    assert done.exit_code == 1
    assert done.stderr == (
        "noyau encode: element 2: is masked; decode with --reveal to encode again\n")


@pytest.mark.parametrize("number", [2, 35, 45, 48, 52, 55])
def test_each_masked_element_is_refused_by_itself(number: int) -> None:
    codec = CODECS["national"]
    hidden = masked_element(codec.dialect, number, PURCHASE[number])
    assert hidden != PURCHASE[number]
    with pytest.raises(NoMessage, match="is masked"):
        message_of(codec, {"t": "0100", str(number): hidden})


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ('{"t": "0100", "4": "1"}', "element 4: 1 characters, expected exactly 12"),
        ('{"t": "0100", "4": 1}', "element 4: expected a string"),
        ('{"t": "0100", "x": "1"}', '"x": unknown key'),
        ('{"t": "0100", "65": "1"}', "element 65: the dialect iso87-ascii has no such element"),
        ('{"t": "01"}', '"t": an MTI has four digits'),
        ('{"2": "4111111111111111"}', '"t": missing'),
        ('{"t": "0100", "h": "00"}', '"t": a header of 1 bytes, exactly 0'),
        ('{"t": "0100", "h": "zz"}', '"h": expected hexadecimal digits'),
        ('{"t": "0100", "p": "00"}', '"p": is not the bitmap'),
        ('[1]\n{"t": "0100"}', "line 1: "),
        ('{"t": "0100"', "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_encoded_is_named(said: str, complaint: str) -> None:
    done = noyau("encode", given_input=said)
    assert done.exit_code == 1
    assert complaint in done.stderr
    assert "4111" not in done.stderr


def test_bad_calls_of_encode() -> None:
    assert noyau("encode", "--dialect", "nowhere", "{}").exit_code == 2
    assert noyau("encode", "no-such-file.json").exit_code == 2
    assert noyau("encode", given_input="").exit_code == 2
    assert noyau("encode", given_input=b"\xff\xfe").exit_code == 2


def test_a_spare_secondary_bitmap_and_lower_case_bitmaps_come_back() -> None:
    codec = CODECS["iso87-ascii"]
    for data in (
        b"0800" + b"8220000000000000" + b"0" * 16 + b"1124004500" + b"000001",
        b"0800" + b"c220000000000000" + b"0000000000000001" + b"0211" + b"1124004500" + b"000001"
        + b"0" * 16,
        b"0800" + b"8a20000000000000" + b"0" * 16 + b"000000000001" + b"1124004500" + b"000001",
    ):
        said = flat(codec.scan(data), reveal=True)
        assert message_of(codec, said).data == data
    assert said["p"] == "8a20000000000000" + "0" * 16


TRACK_OF_A_NUMBER_ONLY = (CODECS["national"], "0100", {35: "4111111111111111"})


@settings(max_examples=200, deadline=None)
@given(messages(sorted(CODECS)))
@example(TRACK_OF_A_NUMBER_ONLY)
def test_masked_json_never_encodes_to_something_else(
    drawn: tuple[Codec, str, dict[int, str]],
) -> None:
    codec, mti, values = drawn
    message = codec.written(mti, values)
    said = flat(message, reveal=False)
    if said == flat(message, reveal=True):
        return
    with pytest.raises(NoMessage):
        message_of(codec, said)


def test_card_numbers_in_private_elements_are_hidden() -> None:
    dialect = CODECS["national"].dialect
    assert masked_element(dialect, 48, f"card {PAN}!") == f"card 411111{BULLET * 6}1111!"
    assert masked_element(dialect, 62, "cvc2: 123") == f"cvc2: {BULLET * 3}"
    assert masked_element(dialect, 48, "R9203123") == f"R9203{BULLET * 3}"
    assert masked_element(dialect, 48, "12345678901234567") == "12345678901234567"


def test_on_a_terminal_it_is_a_table(tmp_path: Path) -> None:
    """Through `script`-like means there is none here, so the printer is asked directly."""
    program = (
        "import sys; sys.stdout.isatty = lambda: True\n"
        "from noyau.cli import main\n"
        f"sys.argv = ['noyau', 'decode', '--dialect', 'national', '{HEX}']\nmain()\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in done.stdout
    assert PAN not in done.stdout
