"""What the device refuses, and with which code; after every refusal it goes on answering."""
import pytest

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.pin_blocks import ISO_1
from hsm_emulator.public_lmks import TDES_KEY_BLOCK
from hsm_emulator.secret_key import SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, CVK, DEK, PVK, TAK, TPK, ZMK, ZPK, K, Z
from tests.hsm.peer import Peer

BLOCK = keys.block("1234", K)
EVEN = under_lmk("001", "0022446688AACCEE" + "1032547698BADCFE")
SHORT = under_lmk("001", K)[1:17]
REPEATED = under_lmk("001", "0123456789ABCDEF" * 2)
WEAK = under_lmk("001", "01010101010101010123456789ABCDEF")
P0 = keys.key_block(Z, "P0")
TERMINAL = keys.key_block(K, "71")
AES_P0 = keys.aes_block("00112233445566778899AABBCCDDEEFF", "P0")
TAMPERED = P0[:-1] + ("0" if P0[-1] != "0" else "1")
RELABELLED = P0.replace("P0TN00E", "D0TN00E", 1)
ALL_ONES = "1111111111111111"


def translation(
    source: str = TPK, target: str = ZPK, block: str = BLOCK, formats: str = "0101",
    account: str = ACCOUNT, longest: str = "12",
) -> str:  # fmt: skip
    return f"CA{source}{target}{longest}{block}{formats}{account}"


def offset(table: str = "0123456789012345", data: str = "1122334455N8", digits: str = "04") -> str:
    block = keys.block("1234", Z)
    return f"EA{ZPK}{PVK}12{block}01{digits}{ACCOUNT}{table}{data}0000FFFFFFFF"


REFUSALS = {
    "unknown command": ("ZZ", "Z[68"),
    "source key of even parity": (translation(source=EVEN), "CB10"),
    "target key of even parity": (translation(target=EVEN), "CB11"),
    "single-length key": (translation(target=SHORT + "12", longest=""), "CB27"),
    "double key no stronger than a single one": (translation(target=REPEATED), "CB75"),
    "weak half": (translation(target=WEAK), "CB75"),
    "zone key in a terminal key's place": (translation(source=ZPK), "CB10"),
    "terminal key in a zone key's place": (translation(target=TPK), "CB11"),
    "key block under the variant LMK": (translation(target=P0), "CBA1"),
    "variant key under a key block LMK": (translation() + "%01", "CBA1"),
    "key block of another LMK": (translation(TERMINAL, AES_P0), "CBA3"),
    "LMK that is not loaded": (translation() + "%05", "CB13"),
    "altered key block": (translation(TERMINAL, TAMPERED), "CBA4"),
    "relabelled key block": (translation(TERMINAL, RELABELLED), "CBA4"),
    "usage of another purpose": (translation(TERMINAL, keys.key_block(Z, "D0")), "CBA6"),
    "mode that forbids enciphering": (
        translation(TERMINAL, keys.key_block(Z, "P0", mode="D")), "CBA8",
    ),
    "key block of an unknown version": (translation("S9" + TERMINAL[2:], P0), "CBA9"),
    "key block with optional blocks": (
        translation(TERMINAL[:13] + "01" + TERMINAL[15:], P0), "CBAB",
    ),
    "key block longer than the request": ("CAS09990", "CB15"),
    "key block without a length": ("CAS0XXXX", "CBA5"),
    "TDES key for format 4": (translation(formats="0148"), "CBA7"),
    "not hexadecimal": (translation(block="GG" + BLOCK[2:]), "CB15"),
    "blank among the digits": (translation(block="  " + BLOCK[2:]), "CB15"),
    "block of another key": (translation(block=ALL_ONES), "CB20"),
    "block of another account": (translation(account=ACCOUNT[::-1]), "CB20"),
    "PIN longer than allowed": (translation(block=keys.block("123456", K), longest="04"), "CB24"),
    "unknown source format": (translation(formats="9901"), "CB23"),
    "Diebold": (translation(formats="0301"), "CB69"),
    "format 0 to format 1": (translation(formats="0105"), "CB23"),
    "format 2 in interchange": (translation(formats="0134"), "CB23"),
    "account of letters": (translation(account="2334455667AB"), "CB22"),
    "account too short": (translation(account="2334"), "CB22"),
    "more than the command has": (translation() + "9", "CB15"),
    "empty body": ("CA", "CB15"),
    "PIN verified in format 2": (f"EC{ZPK}{PVK}{BLOCK}34{ACCOUNT}11234", "ED23"),
    "PIN under another LMK": (f"DG{PVK}12345{ACCOUNT}1%00", "DH14"),
    "PIN under the LMK too short": (f"DG{PVK}123{ACCOUNT}1", "DH15"),
    "table with too few digits": (offset(table="0000111122223333"), "EB25"),
    "table that is not configured": (offset(table="9876543210987654"), "EB25"),
    "validation data too long": (offset(data="112233445566"), "EB15"),
    "check length of three": (offset(digits="03"), "EB15"),
    "unknown key type": (f"BUFF1{ZPK};0ZZ;001", "BV28"),
    "key type without a pair": (f"BUFF1{ZPK};0FF;001", "BV28"),
    "key type code": (f"BU771{ZPK}", "BV04"),
    "key length flag": (f"BUFF2{ZPK};001;001", "BV05"),
    "key of single length made": ("A00001Z", "A126"),
    "X scheme under the LMK": ("A00001X", "A126"),
    "key block under the variant LMK made": ("A00FFFS#P0T2N00E00", "A1A1"),
    "export without a ZMK": ("A01001U", "A115"),
    "generation with a ZMK": (f"A00001U;0{ZMK}X", "A115"),
    "attributes missing": ("A00FFFS%01", "A115"),
    "AES key under the TDES LMK": ("A00FFFS%01#P0A1N00E00", "A1A7"),
    "single-length key in a block": ("A00FFFS%01#P0T1N00E00", "A1A7"),
    "mode of use without meaning": ("A00FFFS%01#P0T2Q00E00", "A1A8"),
    "exportability without meaning": ("A00FFFS%01#P0T2N00Q00", "A1AA"),
    "optional blocks asked for": ("A00FFFS%01#P0T2N00E01", "A1AB"),
    "export of what may not leave": (
        f"A8FFF{keys.key_block(Z, 'K0')}{keys.key_block(K, 'P0', exportability='N')}S", "A9AA",
    ),
    "export out of a key block": (
        f"A8FFF{keys.key_block(Z, 'K0')}{keys.key_block(K, 'P0')}U", "A926",
    ),
    "triple key under a double ZMK": (
        f"A8001{ZMK}{under_lmk('001', K + '1313131313131313')}T", "A927",
    ),
    "import of nothing": ("A6001", "A715"),
    "TR-31 block too short": (f"A6001{ZMK}RB0024P0TE00N00000123ABCDU", "A7A5"),
    "MAC of part of a block": (f"M600010003{TAK}0004ABCD", "M780"),
    "MAC key of another type": (f"M600010002{TAK}0008ABCDEFGH", "M705"),
    "MAC shorter than announced": (f"M600010003{TAK}00FFABCD", "M780"),
    "data of part of a block": (f"M0001100B{DEK}0006ABCDEF", "M180"),
    "data in an unknown mode": (f"M0091100B{DEK}{ALL_ONES}0010{ALL_ONES}", "M102"),
    "no data": (f"M0001100B{DEK}0000", "M180"),
    "data under a zone PIN key": (f"M00011001{ZPK}0010{ALL_ONES}", "M105"),
    "CVV of letters": (f"CY{CVK}1A11122334455667788;2512101", "CZ15"),
    "card without its mark": (f"CY{CVK}11111223344556677882512101", "CZ15"),
    "echo shorter than announced": ("B20009HELLO", "B380"),
    "echo without a length": ("B2", "B315"),
    "status in an unknown mode": ("NO07", "NP15"),
}


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: str, answer: str, hsm: Peer) -> None:
    """The connection lives on: the next command on it is answered."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"


def test_trailer_comes_back_with_a_refusal(hsm: Peer) -> None:
    """What the host appended is echoed, whatever became of the command."""
    assert hsm.ask(translation(formats="0301") + "%00\x19end 1") == b"CB69\x19end 1"


def test_frame_without_a_command_is_answered(hsm: Peer) -> None:
    """Shorter than header and command: error 51, and the connection lives on."""
    hsm.send(b"", header=b"0042")
    assert hsm.receive() == b"0042ZZ51"
    assert hsm.ask("B20002OK") == b"B300OK"


def test_imported_key_of_even_parity_is_adjusted_and_said(hsm: Peer) -> None:
    """A7 answers 01 with a usable key, as devices do; the zero key is refused."""
    zmk = SecretKey(bytes.fromhex(Z))
    even = bytes.fromhex("00224466AACCEE88" + "1032547698BADCFE")
    answer = hsm.ask(f"A6001{ZMK}X{zmk.encrypt(even).hex().upper()}U")
    assert answer[:4] == b"A701"
    assert hsm.ask(b"BUFF1" + answer[4:37] + b";001;001") == b"BV00" + answer[37:]
    assert hsm.ask(f"A6001{ZMK}X{zmk.encrypt(bytes(16)).hex().upper()}U") == b"A711"


def test_format_1_binds_to_an_account(hsm: Peer) -> None:
    """1 to 0 is allowed: it adds the binding that format 1 lacks."""
    answer = hsm.ask(translation(block=keys.block("123456789", K, number=ISO_1), formats="0501"))
    assert answer[:6] == b"CB0009"


def test_format_3_with_a_digit_in_its_filler(hsm: Peer) -> None:
    """The filler of format 3 is random letters; a digit there means another key or account."""
    clear = (int("341234" + "ABCDEFABC0", 16) ^ int(ACCOUNT, 16)).to_bytes(8)
    block = SecretKey(bytes.fromhex(K)).encrypt(clear).hex().upper()
    assert hsm.ask(translation(block=block, formats="4701")) == b"CB20"


def test_longer_pin_is_judged_by_its_check_length(hsm: Peer) -> None:
    """EA compares the first four digits when four are asked for."""
    rest = f"0104{ACCOUNT}12345678901234561122334455N80000FFFFFFFF"
    for pin, answer in (("452499", b"EB00"), ("452399", b"EB01")):
        assert hsm.ask(f"EA{ZPK}{PVK}12{keys.block(pin, Z)}{rest}") == answer


def test_table_under_the_lmk_must_spread_its_digits(hsm: Peer) -> None:
    """An enciphered table is no better than a clear one when it has too few digits."""
    tables = SecretKey(bytes(byte ^ 0x54 for byte in TDES_KEY_BLOCK))
    block = keys.block("1234", Z)
    for table, code in (("0000111122223333", b"EB25"), ("9876543210987654", b"EB01")):
        under_lmk_ = tables.encrypt(bytes.fromhex(table)).hex().upper()
        answer = hsm.ask(
            f"EA{P0}{keys.key_block(K, 'V1')}12{block}0104{ACCOUNT}{under_lmk_}"
            "1122334455N80000FFFFFFFF"
        )
        assert answer == code
