"""Data commands beyond the published files: modes, forms, keys, translation, what is refused."""
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from hsm_emulator.cryptograms import under_lmk
from tests.hsm import keys
from tests.hsm.keys import DEK, K, Z
from tests.hsm.peer import Peer

AES_KEY = "00112233445566778899AABBCCDDEEFF"
START = "0123456789ABCDEFFEDCBA9876543210"
TEXT = "Now is the time for all good men"
MODES = {"00": ECB, "01": CBC, "02": CFB8, "03": CFB}
BDK, KSN = under_lmk("009", K), "A05FFFF000001315240003A"
CIPHERS = {
    "00B" + DEK: TripleDES(bytes.fromhex(K + K[:16])),
    "00A" + under_lmk("00A", Z): TripleDES(bytes.fromhex(Z + Z[:16])),
    "30B" + under_lmk("30B", K): TripleDES(bytes.fromhex(K + K[:16])),
    "FFF" + keys.key_block(K, "D0", mode="B"): TripleDES(bytes.fromhex(K + K[:16])),
    "FFF" + keys.aes_block(AES_KEY, "D0"): AES(bytes.fromhex(AES_KEY)),
}


def _vector(mode: str, key: str) -> str:
    """Return the initial vector that mode and key want."""
    if mode == "00":
        return ""
    return START if key.startswith("FFF") and key[11] == "A" else START[:16]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", CIPHERS, ids=["DEK", "ZEK", "TEK", "TDES block", "AES block"])
def test_modes_are_those_of_the_library(key: str, mode: str, hsm: Peer) -> None:
    """M0 gives what the cipher alone gives; M2 gives the text back."""
    vector = _vector(mode, key)
    chosen = MODES[mode](bytes.fromhex(vector)) if vector else ECB()  # noqa: S305  (compared with)
    expected = Cipher(CIPHERS[key], chosen).encryptor().update(TEXT.encode()).hex().upper()
    given = TEXT.encode().hex().upper()
    assert hsm.ask(f"M0{mode}11{key}{vector}0040{given}") == f"M1000040{expected}".encode()
    assert hsm.ask(f"M2{mode}11{key}{vector}0040{expected}") == f"M3000040{given}".encode()


@pytest.mark.parametrize("mode", ["02", "03"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 31])
def test_cfb_takes_data_of_any_length(mode: str, length: int, hsm: Peer) -> None:
    """What comes out is as long as what goes in."""
    key, text = "00B" + DEK, TEXT[:length]
    sealed = hsm.ask(f"M0{mode}01{key}{START[:16]}{length:04X}{text}")
    assert sealed[:8] == f"M100{2 * length:04X}".encode()
    back = hsm.ask(f"M2{mode}12{key}{START[:16]}".encode() + sealed[4:])
    assert back == f"M300{length:04X}{text}".encode()


def test_data_in_every_form(hsm: Peer) -> None:
    """Binary and text are bytes, hexadecimal its digits, in both directions."""
    key, text = "00B" + DEK, TEXT[:8] + "\x19%01;#&!"
    digits = text.encode().hex().upper()
    sealed = hsm.ask(f"M00001{key}0010{text}")[8:]
    for form, given, count in (("0", text, 16), ("1", digits, 32), ("2", text, 16)):
        for answer_form, shown in (("0", bytes.fromhex(sealed.decode())), ("1", sealed)):
            answer = hsm.ask(f"M000{form}{answer_form}{key}{count:04X}{given}\x19end")
            assert answer == f"M100{len(shown):04X}".encode() + shown + b"\x19end"


@pytest.mark.parametrize(
    ("mode", "target_mode"), [("00", "00"), ("00", "01"), ("01", "03"), ("02", "00")]
)
def test_data_are_translated(mode: str, target_mode: str, hsm: Peer) -> None:
    """M4 is M2 and M0 in one, from any key to any other of the LMK, a terminal's among them."""
    under_aes_lmk = [
        "FFF" + keys.aes_block(AES_KEY, "D0"), "FFF" + keys.key_block(Z, "D0", lmk="02"),
        "FFF" + keys.key_block(K, "B0", lmk="02") + KSN,
    ]  # fmt: skip
    variant = ["00B" + DEK, "00A" + under_lmk("00A", Z), "009" + BDK + KSN]
    for family in (variant, under_aes_lmk):
        for source in family:
            for target in family:
                vectors = _vector(mode, source), _vector(target_mode, target)
                sealed = hsm.ask(f"M0{mode}21{source}{vectors[0]}0020{TEXT}")[4:]
                wanted = hsm.ask(f"M0{target_mode}21{target}{vectors[1]}0020{TEXT}")[4:]
                asked = f"M4{mode}{target_mode}11{source}{target}{vectors[0]}{vectors[1]}"
                assert hsm.ask(asked.encode() + sealed) == b"M500" + wanted


HEX = "0010" + "AB" * 8
REFUSALS = {
    "unknown mode": (f"M00411{HEX}", "M102"),
    "unknown form": (f"M00031{HEX}", "M103"),
    "unknown output form": (f"M00013{HEX}", "M104"),
    "key of another type": (f"M00011002{keys.TPK}{HEX}", "M105"),
    "key type of letters": (f"M00011XYZ{DEK}{HEX}", "M105"),
    "key that may only decipher": (
        f"M00011FFF{keys.key_block(K, 'D0', mode='D')}{HEX}", "M1A8",
    ),
    "key that may only encipher": (
        f"M20011FFF{keys.key_block(K, 'D0', mode='E')}{HEX}", "M3A8",
    ),
    "translation from a key that may only encipher": (
        f"M4000011FFF{keys.key_block(K, 'D0', mode='E')}FFF{keys.key_block(K, 'D0')}{HEX}", "M5A8",
    ),
    "translation to a key that may only decipher": (
        f"M4000011FFF{keys.key_block(K, 'D0')}FFF{keys.key_block(K, 'D0', mode='D')}{HEX}", "M5A8",
    ),
    "key of another usage": (f"M00011FFF{keys.key_block(K, 'P0')}{HEX}", "M1A6"),
    "PIN key for data": (f"M0001100B{keys.ZPK}{HEX}", "M110"),
    "BDK without its KSN": (f"M00011009{BDK}{HEX}", "M115"),
    "unknown target mode": (f"M4000911{HEX}", "M507"),
    "target key of another type": (f"M400001100B{DEK}002{keys.TPK}{HEX}", "M508"),
    "target key of even parity": (
        f"M400001100B{DEK}00B{under_lmk('00B', '0022446688AACCEE1032547698BADCFE')}{HEX}", "M511",
    ),
    "broken block": (f"M0001100B{DEK}000EABABABABABABAB", "M180"),
    "broken block in CBC": (f"M0011100B{DEK}{START[:16]}000EABABABABABABAB", "M180"),
    "no data in CFB": (f"M0021100B{DEK}{START[:16]}0000", "M180"),
    "vector cut short": (f"M0011100B{DEK}0123", "M115"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: str, answer: str, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"
