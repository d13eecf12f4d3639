"""A6 takes in a key that comes under a ZMK, A8 sends one; BU tells a key's check value."""
from typing import Final

from hsm_emulator import key_attributes
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Hexadecimal, Section
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_activities import UNDER_TMK, to_check, to_export, to_import
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_command_fields import (
    KCV,
    KEY_FORM,
    KEY_TYPE,
    LMK_SCHEME,
    ZMK_SCHEME,
    AtallaVariant,
    KeyOfLength,
    Options,
)
from hsm_emulator.key_fields import Key, Zmk
from hsm_emulator.key_generation import sent
from hsm_emulator.key_types import DERIVED_TYPE, KEY_BLOCK, TMK_EXPORT, ZMK_EXPORT, ZMK_IMPORT
from hsm_emulator.key_under_zmk import Received, Transport, key_from_zmk
from hsm_emulator.key_usages import is_known, standard_usage, type_of_usage, usage_of_type
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk

_LENGTH_FLAGS: Final = {b"0": (8,), b"1": (16,), b"2": (24,), b"F": range(8, 129)}
_TYPE_FOLLOWS: Final = b"FF"


def import_key(
    lmk: Lmk,
    key_type: bytes,
    zmk: bytes,
    cryptogram: bytes,
    scheme: bytes,
    atalla: bytes,
    asked: bytes,
    changes: bytes,
) -> bytes:
    """Take in a key, bare or in a block, and keep it under the LMK."""
    rules = lmk.rules.of_derived_keys() if key_type == DERIVED_TYPE else lmk.rules
    under = Transport(lmk.key(zmk, ZMK_IMPORT, Code.SOURCE_PARITY), rules, atalla)
    tag = cryptogram[:1]
    if tag == b"S" and key_type != KEY_BLOCK:
        raise Refused(Code.KEY_TYPE)
    received = key_from_zmk(cryptogram, under)
    if scheme == b"S":
        kept_type = KEY_BLOCK
        attributes: Attributes | None = _kept_attributes(
            lmk, key_type, tag, received, asked, changes
        )
    else:
        if asked or changes:
            raise Refused(Code.INPUT)
        kept_type, attributes = _kept_type(lmk, key_type, received), None
    code = Code.OK if received.odd else Code.NOT_VERIFIED
    kept = lmk.wrapped(received.key, kept_type, scheme, attributes)
    return code + kept + in_hexadecimal(received.key.check_value()[:3])


def _kept_attributes(
    lmk: Lmk, key_type: bytes, tag: bytes, received: Received, asked: bytes, changes: bytes
) -> Attributes:
    """Return what the header under a key block LMK will say."""
    if key_type != KEY_BLOCK:
        raise Refused(Code.KEY_TYPE)
    if received.attributes is None:
        if not lmk.rules.bare_keys:
            raise Refused(Code.KEY_TYPE)
        return key_attributes.of_key_without_block(asked)
    if asked:
        raise Refused(Code.INPUT)
    if tag == b"R":
        return key_attributes.of_received_block(received.attributes, changes)
    if changes:
        raise Refused(Code.INPUT)
    return received.attributes


def _kept_type(lmk: Lmk, key_type: bytes, received: Received) -> bytes:
    """Return the key type under a variant LMK, which must be what a TR-31 block says."""
    if received.attributes is None:
        if key_type == KEY_BLOCK:
            raise Refused(Code.KEY_TYPE)
        return key_type
    usage = standard_usage(received.attributes.usage)
    if key_type == KEY_BLOCK:
        key_type = type_of_usage(usage)
    else:
        usage_of_type(key_type, usage)
    if received.attributes.exportability == "N" and not lmk.rules.free_export:
        raise Refused(Code.EXPORTABILITY)  # nothing under this LMK would remember it
    return key_type


def export_key(
    lmk: Lmk,
    key_type: bytes,
    flag: bytes,
    zmk: bytes,
    cryptogram: bytes,
    scheme: bytes,
    atalla: bytes,
    asked: bytes,
    changes: bytes,
    version: bytes,
) -> bytes:
    """Send a key under a ZMK or a terminal's TMK."""
    role = TMK_EXPORT if flag == UNDER_TMK else ZMK_EXPORT
    under = Transport(lmk.key(zmk, role, Code.SOURCE_PARITY), lmk.rules, atalla)
    key, attributes = lmk.opened(cryptogram, key_type, Code.TARGET_PARITY)
    if attributes is not None and asked:
        raise Refused(Code.INPUT)
    exported = sent(key, under, key_type, scheme, attributes, (asked, changes, version))
    return Code.OK + exported + in_hexadecimal(key.check_value()[:3])


def check_value(
    lmk: Lmk, code: bytes, flag: bytes, cryptogram: bytes, key_type: bytes, option: bytes
) -> bytes:
    """Tell the check value of a key of any type."""
    if code.upper() != _TYPE_FOLLOWS:
        key_type = (code[:1] + b"0" + code[1:]).upper()  # 42 is 402
        if not is_known(key_type):
            raise Refused(Code.KEY_TYPE_CODE)
    elif not key_type:
        if cryptogram[:1] != b"S":
            raise Refused(Code.KEY_TYPE_CODE)
        key_type = KEY_BLOCK
    key, _ = lmk.opened(cryptogram, key_type, Code.SOURCE_PARITY)
    if len(key.clear) not in _LENGTH_FLAGS[flag]:
        raise Refused(Code.KEY_LENGTH_FLAG)
    digits = 6 if option[2:] == b"1" else 16
    return Code.OK + in_hexadecimal(key.check_value())[:digits]


COMMANDS: Final = (
    Command(
        "A6",
        "Import a key",
        (KEY_TYPE, Zmk("ZMK"), Key("key under the ZMK"), LMK_SCHEME, AtallaVariant()),
        (("key under the LMK", KEY_FORM), KCV),
        import_key,
        takes="#&",
        activity=to_import,
    ),
    Command(
        "A8",
        "Export a key",
        (
            KEY_TYPE,
            Section(b";", (Characters("sent under (0 ZMK, 1 TMK)", 1, b"01"),)),
            Zmk("ZMK or TMK"),
            Key("key under the LMK"),
            ZMK_SCHEME,
            AtallaVariant(),
        ),
        (("key under the ZMK or TMK", KEY_FORM), KCV),
        export_key,
        takes="#&!",
        activity=to_export,
    ),
    Command(
        "BU",
        "Generate a key check value",
        (
            Hexadecimal("key type code", 2, Code.KEY_TYPE_CODE),
            Characters("key length flag", 1, b"012F", Code.KEY_LENGTH_FLAG),
            KeyOfLength("key", flag_at=1),
            Options(b";", (KEY_TYPE,), unless=0, being=_TYPE_FOLLOWS),
            Section(b";", (Characters("reserved, KCV type", 3, b"01"),)),
        ),
        (("KCV", "16 H, or 6 H with KCV type 1"),),
        check_value,
        activity=to_check,
    ),
)
