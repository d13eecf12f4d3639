"""CW and CY beyond the published files: kinds of values and keys, lengths of PANs, refusals."""
import pytest

from hsm_emulator import emv_keys
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.cvv import cvv, dcvv
from hsm_emulator.secret_key import SecretKey
from tests.hsm import keys
from tests.hsm.keys import CVK, K
from tests.hsm.peer import Peer

PAN = "4123456789012345678"


@pytest.mark.parametrize("digits", range(12, 20))
@pytest.mark.parametrize("service_code", ["101", "000", "999"])
def test_pans_of_every_length(digits: int, service_code: str, hsm: Peer) -> None:
    """Twelve to nineteen digits, under a key of either kind of LMK, in every form it comes in."""
    card = f"{PAN[:digits]};2911{service_code}"
    made = cvv(SecretKey(bytes.fromhex(K)), card.replace(";", "")).encode()
    for cvk in (CVK, _untagged(K), keys.key_block(K, "C0"), keys.key_block(K, "13", lmk="02")):
        assert hsm.ask(f"CW{cvk}{card}") == b"CX00" + made
        assert hsm.ask(f"CY{cvk}{made.decode()}{card}") == b"CZ00"


def _untagged(clear: str) -> str:
    """Return the pair enciphered half by half under LMK 14-15 variant 4, as old hosts hold it."""
    lmk = bytearray.fromhex("E0E0010101010101F1F1010101010101")
    lmk[0] ^= 0xDE
    return SecretKey(bytes(lmk)).encrypt(bytes.fromhex(clear)).hex().upper()


def test_card_values_of_three_d_secure(legacy_hsm: Peer) -> None:
    """gocavv's CAVV, and its CVC2 of a Mastercard AAV under a key of even parity."""
    even = under_lmk("402", "00112233445566778899AABBCCDDEEFF")
    assert legacy_hsm.ask(f"CW{CVK}4123456789012345;7993700") == b"CX00972"
    assert legacy_hsm.ask(f"CW{even}5432109876543210;0047140") == b"CX00439"


def test_dynamic_value_of_a_contactless_card(hsm: Peer) -> None:
    """The ATC's last four digits lead the PAN; the key is the card's, of option A."""
    of_card = emv_keys.card_key(SecretKey(bytes.fromhex(K)), bytes.fromhex("2345678901234500"))
    made = dcvv(of_card, "4123456789012345", 65_535, "2911", "101")
    cvk = under_lmk("402", of_card.clear.hex())
    assert hsm.ask(f"CW{cvk}5535456789012345;2911101") == b"CX00" + made.encode()


CARD = "4123456789012345;2911101"
AES_KEY = keys.aes_block("00112233445566778899AABBCCDDEEFF", "C0")
REFUSALS = {
    "PAN of eleven digits": (f"CW{CVK}41234567890;2911101", "CX15"),
    "PAN of twenty digits": (f"CW{CVK}{PAN}0;2911101", "CX15"),
    "PAN of letters": (f"CW{CVK}41234567890A;2911101", "CX15"),
    "no mark": (f"CY{CVK}12341234567890123452911101", "CZ15"),
    "expiry cut short": (f"CW{CVK}4123456789012345;291", "CX15"),
    "key of another type": (f"CW{keys.PVK}{CARD}", "CX10"),
    "key block of another usage": (f"CW{keys.key_block(K, 'V2')}{CARD}", "CXA6"),
    "key that may only verify": (f"CW{keys.key_block(K, 'C0', mode='V')}{CARD}", "CXA8"),
    "key that may only make": (f"CY{keys.key_block(K, 'C0', mode='G')}123{CARD}", "CZA8"),
    "triple-length key": (f"CW{under_lmk('402', K + keys.Z[:16])}{CARD}", "CX27"),
    "AES key to make": (f"CW{AES_KEY}{CARD}", "CXA7"),
    "AES key to verify": (f"CY{AES_KEY}123{CARD}", "CZA7"),
}


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: str, answer: str, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"
