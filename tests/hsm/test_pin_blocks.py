"""PIN blocks: every format in and out, every length, and what a block must not be."""
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm_emulator import pin_blocks
from hsm_emulator.errors import Refused
from hsm_emulator.pin_blocks import (
    DIEBOLD,
    DOCUTEL,
    ISO_0,
    ISO_1,
    ISO_2,
    ISO_3,
    ISO_4,
    PLUS,
    WITHOUT_CHECK_DIGIT,
    block_of,
    pin_of,
)
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, K, Z
from tests.hsm.peer import Peer

AES_KEY = SecretKey(bytes.fromhex("00112233445566778899AABBCCDDEEFF"), AES_)
PAN = "1122334455667788"  # of ACCOUNT
PLUS_ACCOUNT = "FFF112233445566778"  # the same, as format 04 has it
BOUND, OLD, NAMED = {"01", "47", "48"}, {"02", "03", "04"}, {"35", "41", "42", "46"}
KNOWN = BOUND | {"05", "34"} | OLD | NAMED
PINS = st.text("0123456789", min_size=4, max_size=12)


@given(PINS, st.sampled_from([ISO_0, ISO_1, ISO_2, ISO_3, DIEBOLD, PLUS]))
def test_a_pin_comes_out_as_it_went_in(pin: str, number: bytes) -> None:
    """All lengths, all formats of eight bytes that hold twelve digits."""
    account = WITHOUT_CHECK_DIGIT + PAN[:-1].encode() if number == PLUS else ACCOUNT.encode()
    assert pin_of(block_of(pin, number, account), number, account) == pin


@given(st.text("0123456789", min_size=4, max_size=6))
def test_docutel_holds_six_digits(pin: str) -> None:
    """A longer PIN has no place in it."""
    assert pin_of(block_of(pin, DOCUTEL, b""), DOCUTEL, b"") == pin
    with pytest.raises(Refused, match="24"):
        block_of("1234567", DOCUTEL, b"")


@given(PINS, st.text("0123456789", min_size=1, max_size=19), st.binary(min_size=8, max_size=8))
def test_format_4_binds_any_pan(pin: str, pan: str, random: bytes) -> None:
    """Of one digit to nineteen; another PAN gives noise."""
    block = pin_blocks.format_4_of(AES_KEY, pin, pan.encode(), random)
    assert pin_blocks.deciphered_pin(AES_KEY, block, ISO_4, pan.encode()) == pin
    other = pan[:-1] + str((int(pan[-1]) + 1) % 10)
    with pytest.raises(Refused, match=r"2[04]"):
        pin_blocks.deciphered_pin(AES_KEY, block, ISO_4, other.encode())




def test_layouts_of_the_old_formats() -> None:
    """By hand: Visa format 2, IBM 3624 with F, Visa format 4 of IBM's CCA manual."""
    assert block_of("92389", DOCUTEL, b"").hex() == "5923890000000000"
    assert block_of("1234", DIEBOLD, b"").hex() == "1234ffffffffffff"
    account = WITHOUT_CHECK_DIGIT + b"228340000012345"
    clear = int("059" + "2389fffffffff", 16) ^ int("228340000012", 16)
    assert block_of("92389", PLUS, account) == clear.to_bytes(8)
    assert block_of("92389", ISO_2, b"").hex() == "2592389fffffffff"


FAULTS = {
    "0: control": (ISO_0, "141234FFFFFFFFFF", "20"),
    "0: length 3": (ISO_0, "03123FFFFFFFFFFF", "24"),
    "0: length 13": (ISO_0, "0D12345678901234", "24"),
    "0: letter": (ISO_0, "04123AFFFFFFFFFF", "20"),
    "0: digit in the filler": (ISO_0, "041234FFFFFFFFF0", "20"),
    "0: E in the filler": (ISO_0, "041234EFFFFFFFFF", "20"),
    "1: control": (ISO_1, "0412340123456789", "20"),
    "1: length 13": (ISO_1, "1D12345678901234", "24"),
    "1: letter": (ISO_1, "141B340123456789", "20"),
    "2: control": (ISO_2, "041234FFFFFFFFFF", "20"),
    "2: filler": (ISO_2, "241234FFFFFFFFEF", "20"),
    "2: length 15": (ISO_2, "2F1234FFFFFFFFFF", "24"),
    "3: control": (ISO_3, "041234FFFFFFFFFF", "20"),
    "3: length 2": (ISO_3, "3212ABCDEFABCDEF", "24"),
    "3: digit in the filler": (ISO_3, "341234ABCDEFABC9", "20"),
    "Diebold: no filler": (DIEBOLD, "1234567890123456", "24"),
    "Diebold: thirteen digits": (DIEBOLD, "1234567890123FFF", "24"),
    "Diebold: three digits": (DIEBOLD, "123FFFFFFFFFFFFF", "24"),
    "Diebold: other filler": (DIEBOLD, "1234EFFFFFFFFFFF", "20"),
    "Diebold: digits after the filler": (DIEBOLD, "1234F1FFFFFFFFFF", "20"),
    "Diebold: nothing": (DIEBOLD, "FFFFFFFFFFFFFFFF", "20"),
    "Docutel: length 7": (DOCUTEL, "7123456700000000", "24"),
    "Docutel: length 3": (DOCUTEL, "3123000000000000", "24"),
    "Docutel: no zeros behind a short PIN": (DOCUTEL, "4123401000000000", "20"),
    "Docutel: letter": (DOCUTEL, "412340000000000A", "20"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "clear", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_faulty_block(number: bytes, clear: str, code: str, legacy_hsm: Peer) -> None:
    """Refused by the function, and over TCP wherever the format may come in."""
    account = ACCOUNT.encode() if number in (ISO_0, ISO_3) else b"0" * 12
    block = bytes.fromhex(clear)
    if number in (ISO_0, ISO_3):
        block = (int(clear, 16) ^ int(ACCOUNT, 16)).to_bytes(8)
    with pytest.raises(Refused, match=code):
        pin_of(block, number, account)
    enciphered = SecretKey(bytes.fromhex(K)).encrypt(block).hex().upper()
    answer = legacy_hsm.ask(
        f"CA{keys.TPK}{keys.ZPK}12{enciphered}{number.decode()}01{account.decode()}"
    )
    assert answer == b"CB" + (b"23" if number == ISO_2 else code.encode())


FIELD_FAULTS = {
    "control": ("3" + "4" + "1234" + "A" * 10, "20"), "length 3": ("43123" + "A" * 11, "24"),
    "length 13": ("4D" + "1" * 13 + "A", "24"), "letter": ("44123B" + "A" * 10, "20"),
    "filler": ("441234" + "A" * 9 + "B", "20"),
}  # fmt: skip


@pytest.mark.parametrize(("field", "code"), FIELD_FAULTS.values(), ids=FIELD_FAULTS.keys())
def test_faulty_field_of_format_4(field: str, code: str, hsm: Peer) -> None:
    """Its first half is checked in full; its second is random."""
    pan_field = int(f"4{PAN}".ljust(32, "0"), 16)
    once = int.from_bytes(AES_KEY.encrypt(bytes.fromhex(field) + bytes(8)))
    block = AES_KEY.encrypt((once ^ pan_field).to_bytes(16)).hex().upper()
    zpk, target = keys.aes_block(AES_KEY.clear.hex(), "P0"), keys.key_block(Z, "P0", lmk="02")
    assert hsm.ask(f"CC{zpk}{target}12{block}4801{PAN};") == b"CD" + code.encode()


def expected_code(source: str, target: str, *, legacy: bool) -> str:
    """Say what PCI PIN 3-3, as IBM and AWS print it, and the profile make of a pair of formats."""
    unknown = [number for number in (source, target) if number in NAMED or number not in KNOWN]
    if not legacy and {source, target} & (OLD | NAMED):
        first = next(number for number in (source, target) if number not in BOUND | {"05", "34"})
        return "69" if first in OLD | NAMED else "23"
    if unknown or source == "34" or (target == "34" and not legacy):
        return "23"
    if source in BOUND and target == "05":
        return "23"
    if source in OLD and target == "05":
        return "23"
    return "00"


@pytest.mark.parametrize("source", sorted(KNOWN | {"99"}))
def test_translation_matrix(source: str, hsm: Peer, legacy_hsm: Peer) -> None:
    """Every pair of formats in both profiles; format 48 means AES keys."""
    clear = {"48": AES_KEY.clear.hex()}
    for target, (legacy, device) in itertools.product(
        sorted(KNOWN | {"99"}), ((False, hsm), (True, legacy_hsm))
    ):
        account = f"{PAN};" if "48" in (source, target) else (
            PLUS_ACCOUNT if "04" in (source, target) else ACCOUNT)  # fmt: skip
        if source == "48":
            block = pin_blocks.format_4_of(AES_KEY, "1234", PAN.encode(), bytes(8)).hex().upper()
        elif source in NAMED | {"99"}:
            block = "0" * 16
        else:
            bound = WITHOUT_CHECK_DIGIT + PAN[:-1].encode() if source == "04" else ACCOUNT.encode()
            made = block_of("1234", source.encode(), bound)
            block = SecretKey(bytes.fromhex(K)).encrypt(made).hex().upper()
        from_key, to_key = (
            keys.aes_block(clear["48"], "P0") if number == "48" else keys.key_block(
                K, "P0", lmk="02") for number in (source, target)
        )  # fmt: skip
        answer = device.ask(f"CC{from_key}{to_key}12{block}{source}{target}{account}")
        wanted = expected_code(source, target, legacy=legacy)
        assert answer[:4] == b"CD" + wanted.encode(), (source, target, legacy)
        if wanted == "00":
            assert answer[4:6] == b"04"
            assert answer[-2:] == target.encode()


def test_plus_binds_the_first_twelve_digits(legacy_hsm: Peer) -> None:
    """Format 04 to 01 and back for one PAN; another PAN is noise."""
    bound = WITHOUT_CHECK_DIGIT + PAN[:-1].encode()
    plus = SecretKey(bytes.fromhex(K)).encrypt(block_of("4321", PLUS, bound)).hex().upper()
    answer = legacy_hsm.ask(f"CA{keys.TPK}{keys.ZPK}12{plus}0401{PLUS_ACCOUNT}")
    assert answer == f"CB0004{keys.block('4321', Z)}01".encode()
    zone = keys.block("4321", K)
    answer = legacy_hsm.ask(f"CA{keys.TPK}{keys.ZPK_2}12{zone}0104{PLUS_ACCOUNT}")
    assert answer == f"CB0004{plus}04".encode()
    other = PLUS_ACCOUNT.replace("FFF112233", "FFF112243")
    assert legacy_hsm.ask(f"CA{keys.TPK}{keys.ZPK}12{plus}0401{other}") == b"CB20"


@pytest.mark.parametrize("length", range(4, 13))
def test_every_pin_length_over_the_wire(length: int, hsm: Peer) -> None:
    """Said in the answer; a shorter maximum refuses it."""
    pin = "918273645546"[:length]
    for number in ("01", "05", "47"):
        block = keys.block(pin, K, number=number.encode())
        answer = hsm.ask(f"CA{keys.TPK}{keys.ZPK}12{block}{number}01{ACCOUNT}")
        assert answer == f"CB00{length:02d}{keys.block(pin, Z)}01".encode()
        refused = hsm.ask(f"CA{keys.TPK}{keys.ZPK}{length - 1:02d}{block}{number}01{ACCOUNT}")
        assert refused == b"CB24"
