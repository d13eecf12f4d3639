"""Each rule alone, on a device that is strict otherwise: what it admits, and nothing without it."""
from dataclasses import fields, replace
from typing import Any

import pytest

from hsm_emulator import emv, emv_keys, key_block
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import Device
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.public_lmks import TDES_KEY_BLOCK, VARIANT_PAIRS, by_identifier
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import SecretKey
from tests.hsm import emv_requests, keys
from tests.hsm.keys import ACCOUNT, PVK, TPK, ZMK, ZPK, ZPK_2, K, Z
from tests.hsm.test_emv import CARD, COMMON, COMMON_ARQC

TOKEN = "999999999999"
BLOCK = keys.block("123456", Z)
OF_TERMINAL = keys.block("123456", K)
DIEBOLD = keys.block("123456", Z, number=b"03")
SINGLE = K[:16]
FREE = {"free_export": True}  # keys come and go without operators


def bare(clear: str, pair: int) -> str:
    """Return a key of single length under an LMK pair."""
    return SecretKey(VARIANT_PAIRS[pair]).encrypt(bytes.fromhex(clear)).hex().upper()


def under_zmk(clear: str, zmk: str = Z) -> str:
    return SecretKey(bytes.fromhex(zmk)).encrypt(bytes.fromhex(clear)).hex().upper()


def ibm(table: str, offset: str = "000000FFFFFF") -> str:
    """Return an EA whose PIN is wrong for any table: 01 when the table is taken."""
    return f"EA{ZPK}{PVK}12{BLOCK}0106{ACCOUNT}{table}1122334455N8{offset}"


def of_named_lmk(lmk: str) -> str:
    """Return a key block that is under LMK 01 and names another."""
    said = Attributes("P0", "T", "N", "00", "E", lmk)
    lmk_keys = BlockKeys(SecretKey(TDES_KEY_BLOCK))
    return key_block.wrapped(lmk_keys, bytes.fromhex(Z), said).decode()


MESSAGE = f"01131003{keys.TAK}00044E4F"
MAC = Device(by_identifier()).done(f"M6{MESSAGE}".encode())[4:].decode()
EVEN = under_lmk("001", "00" + Z[2:])
REPEATED = under_lmk("001", K[:16] * 2)
TRIPLE = K + Z[:16]
WITH_TOKEN = f"{TOKEN};{ACCOUNT}"
TOKEN_BLOCK = keys.block("123456", Z, TOKEN)
PVV = Device(by_identifier()).done(f"FW001{ZPK}{PVK}{BLOCK}01{ACCOUNT}1".encode())[4:].decode()
CASES: dict[str, tuple[str | bytes, str, str]] = {
    "single_length_keys": (f"CC{bare(SINGLE, 3)}{ZPK_2}12{keys.block('123456', SINGLE * 2)}0101"
                           f"{ACCOUNT}", "CD27", "CD00"),
    "single_length_zmk": (f"FA{bare(SINGLE, 2)}{under_zmk(Z[:16], SINGLE * 2)}", "FB15", "FB00"),
    "any_parity": (f"CC{EVEN}{ZPK_2}12{keys.block('123456', '00' + Z[2:])}0101{ACCOUNT}",
                   "CD10", "CD00"),
    "weak_keys": (f"CC{REPEATED}{ZPK_2}12{keys.block('123456', SINGLE * 2)}0101{ACCOUNT}",
                  "CD75", "CD00"),
    "weak_key_encryption": (f"A8001{ZMK}{under_lmk('001', TRIPLE)}Y", "A927", "A900"),
    "diebold_blocks": (f"CC{ZPK}{ZPK_2}12{DIEBOLD}0301{ACCOUNT}", "CD69", "CD00"),
    "short_macs": (f"M8{MESSAGE}{MAC[:4]}", "M915", "M900"),
    "unpadded_emv_data": (
        emv_requests.kw(0, 2, under_lmk("109", K), CARD, "001C", COMMON_ARQC, COMMON),
        "KX01", "KX00",
    ),
    "any_translation": (f"CC{ZPK}{ZPK_2}12{BLOCK}0105{ACCOUNT}", "CD23", "CD00"),
    "tokens_in_translation": (
        f"G0{under_lmk('009', K)}{ZPK}605FFFF9876543210E00001{{block}}0101{WITH_TOKEN}",
        "G129", "G100",
    ),
    "tokens_in_verification": (
        f"EC{ZPK}{PVK}{TOKEN_BLOCK}01{WITH_TOKEN}1{PVV}", "ED29", "ED00",
    ),
    "chip_pin_blocks": (f"CC{ZPK}{ZPK_2}12{BLOCK}0134{ACCOUNT}", "CD23", "CD00"),
    "pvk_length_warning": (f"DE{PVK}{{pin}}06{ACCOUNT}01234567890123451122334455N8",
                           "DF00", "DF02"),
    "clear_decimalisation_tables": (ibm("9876543210987654"), "EB25", "EB01"),
    "any_decimalisation_table": (ibm("0000111122223333"), "EB25", "EB01"),
    "bare_keys": (f"A6FFF{keys.key_block(Z, 'K0')}X{under_zmk(K)}S#P0N00E00", "A728", "A700"),
    "any_lmk_id": (f"BUFFF{of_named_lmk('02')};FFF;001", "BVA1", "BV00"),
    "free_export": (f"A8001{ZMK}{ZPK}X", "A917", "A900"),
    "separate_pin_keys": (f"JC{under_lmk('70D', K)}{OF_TERMINAL}01{ACCOUNT}", "JD10", "JD00"),
    "clear_pins": (f"BA123456F{ACCOUNT}", "BB68", "BB00"),
}
# What else must be admitted for the rule to be what decides.
BESIDES = {
    "single_length_zmk": {"single_length_keys": True},
    "weak_key_encryption": FREE,
    "any_decimalisation_table": {"clear_decimalisation_tables": True},
    "bare_keys": FREE,
}


def strict_but(flags: dict[str, Any]) -> Rules:
    return replace(STRICT, **flags)


def asked(rules: Rules, request: str | bytes) -> str:
    device = Device(by_identifier(rules))
    device.authorisations.authorise("pin", ("amina", "brahim"), 60)
    if isinstance(request, str):
        if "{pin}" in request:
            pin = device.done(f"JE{ZPK}{BLOCK}01{ACCOUNT}".encode())[4:].decode()
            request = request.format(pin=pin)
        if "{block}" in request:
            head = f"CA{TPK}*{under_lmk('009', K)}605FFFF9876543210E00001"
            block = keys.block("123456", K, TOKEN)
            made = device.done(f"{head}12{block}0101{TOKEN}".encode())[6:22].decode()
            request = request.format(block=made)
        request = request.encode()
    return device.done(request)[:4].decode()


def test_every_rule_is_here() -> None:
    """A rule added later must be added here."""
    flags = {field.name for field in fields(Rules) if isinstance(getattr(STRICT, field.name), bool)}
    assert set(CASES) == flags


@pytest.mark.parametrize("name", CASES)
def test_rule_alone_decides(name: str) -> None:
    """The same request, without the rule and with it."""
    request, without, with_it = CASES[name]
    besides = BESIDES.get(name, {})
    assert asked(strict_but(besides), request) == without
    assert asked(strict_but(besides | {name: True}), request) == with_it


def test_tables_of_the_configuration() -> None:
    """`decimalisation_tables` names which may stand in clear: others than the usual ones too."""
    mine = replace(STRICT, decimalisation_tables=("9876543210987654",))
    assert asked(mine, ibm("9876543210987654")) == "EB01"
    assert asked(mine, ibm("0123456789012345")) == "EB25"


def test_expected_cryptograms_are_true() -> None:
    """The unpadded data above are those of the cryptogram, so 01 is for the padding alone."""
    key = emv_keys.card_key(SecretKey(bytes.fromhex(K)), bytes.fromhex(CARD))
    session = emv_keys.common_session_key(key, bytes.fromhex("001C") + bytes(6))
    made = emv.padded_cryptogram(session, bytes.fromhex(COMMON))
    assert made == bytes.fromhex(COMMON_ARQC)
