"""The older commands for keys of zones and terminals: GC, FA and IA carry ZPKs, HC makes a TPK.

Without the options behind `;` the new key has the form of the ZMK or TMK: of single length under a
single-length one, tagged under a tagged one, in a key block under one in a key block.
"""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_activities import to_send_zpk
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_command_fields import KEY_FORM, AtallaVariant, exchange_options
from hsm_emulator.key_fields import Key, Zmk
from hsm_emulator.key_generation import random_key
from hsm_emulator.key_types import (
    KEY_BLOCK,
    TMK_EXPORT,
    TPK_CURRENT,
    ZMK_EXPORT,
    ZMK_IMPORT,
    KeyRole,
)
from hsm_emulator.key_under_zmk import Transport, key_from_zmk, key_to_zmk
from hsm_emulator.key_usages import check_may_leave, standard_usage
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import TDES, SecretKey

_ZPK: Final = b"001"
_SHORT_KCV: Final = b"1"
_SCHEME_BYTES: Final = {b"U": 16, b"X": 16, b"T": 24, b"Y": 24, b"Z": 8, b"0": 8, b"S": 16}
_KCV: Final = ("KCV", "16 H, or 6 H with KCV type 1")


def receive_zpk(
    lmk: Lmk,
    zmk: bytes,
    cryptogram: bytes,
    atalla: bytes,
    _zmk_scheme: bytes,
    lmk_scheme: bytes,
    kcv_type: bytes,
) -> bytes:
    """FA: take in a ZPK under a ZMK."""
    under = Transport(lmk.key(zmk, ZMK_IMPORT, Code.SOURCE_PARITY), lmk.rules, atalla)
    received = key_from_zmk(cryptogram, under)
    attributes = received.attributes
    if attributes is not None and standard_usage(attributes.usage) != "P0":
        raise Refused(Code.KEY_USAGE)
    in_block = zmk[:1] == b"S"
    if in_block is not (attributes is not None):
        raise Refused(Code.KEY_TYPE)
    scheme = lmk_scheme or _kept_scheme(len(received.key.clear), in_block)
    kept = lmk.wrapped(received.key, KEY_BLOCK if in_block else _ZPK, scheme, attributes)
    code = Code.OK if received.odd else Code.NOT_VERIFIED
    return code + kept + _check_value(received.key, kcv_type)


def send_zpk(
    lmk: Lmk,
    zmk: bytes,
    cryptogram: bytes,
    atalla: bytes,
    zmk_scheme: bytes,
    _lmk_scheme: bytes,
    kcv_type: bytes,
) -> bytes:
    """GC: send a ZPK under a ZMK."""
    under = Transport(lmk.key(zmk, ZMK_EXPORT, Code.SOURCE_PARITY), lmk.rules, atalla)
    key_type = KEY_BLOCK if cryptogram[:1] == b"S" else _ZPK
    key, attributes = lmk.opened(cryptogram, key_type, Code.TARGET_PARITY)
    if attributes is not None:
        if standard_usage(attributes.usage) != "P0":
            raise Refused(Code.KEY_USAGE)
        check_may_leave(key_type, attributes.exportability, lmk.rules.free_export)
    scheme = zmk_scheme or _sent_scheme(len(key.clear), zmk)
    return Code.OK + key_to_zmk(key, under, scheme, attributes) + _check_value(key, kcv_type)


def new_zpk(
    lmk: Lmk,
    zmk: bytes,
    atalla: bytes,
    zmk_scheme: bytes,
    lmk_scheme: bytes,
    kcv_type: bytes,
) -> bytes:
    """IA: make a ZPK, under the ZMK and under the LMK."""
    under = Transport(lmk.key(zmk, ZMK_EXPORT, Code.SOURCE_PARITY), lmk.rules, atalla)
    key, kept, sent = _made(lmk, zmk, under, (zmk_scheme, lmk_scheme), _ZPK, "72")
    return Code.OK + sent + kept + _check_value(key, kcv_type)


def new_terminal_key(
    lmk: Lmk, tmk: bytes, tmk_scheme: bytes, lmk_scheme: bytes, _kcv_type: bytes
) -> bytes:
    """HC: make a TPK, under the key that the terminal has and under the LMK.

    Where PIN keys have no types of their own, 002 makes it the next TMK or a PVK just as well.
    """
    role = _terminal_role(tmk)
    under = Transport(lmk.key(tmk, role, Code.SOURCE_PARITY), lmk.rules)
    key_type = TPK_CURRENT.type_under(lmk.rules)
    _, kept, sent = _made(lmk, tmk, under, (tmk_scheme, lmk_scheme), key_type, "71")
    return Code.OK + sent + kept


def _made(
    lmk: Lmk,
    current: bytes,
    under: Transport,
    schemes: tuple[bytes, bytes],
    key_type: bytes,
    usage: str,
) -> tuple[SecretKey, bytes, bytes]:
    """Return a new key, under the LMK and under the key that the other side has."""
    in_block = current[:1] == b"S"
    sent_scheme = schemes[0] or _sent_scheme(len(under.key.clear), current)
    key_bytes = _SCHEME_BYTES.get(sent_scheme, 0)
    if not key_bytes:
        raise Refused(Code.KEY_SCHEME)
    if key_bytes == 8 and not lmk.rules.single_length_keys:
        raise Refused(Code.KEY_LENGTH)
    key = random_key(TDES, key_bytes)
    attributes = Attributes(usage, TDES, "B", "00", "E") if in_block else None
    kept_scheme = schemes[1] or _kept_scheme(key_bytes, in_block)
    kept = lmk.wrapped(key, KEY_BLOCK if in_block else key_type, kept_scheme, attributes)
    return key, kept, key_to_zmk(key, under, sent_scheme, attributes)


def _sent_scheme(key_bytes: int, current: bytes) -> bytes:
    if current[:1] == b"S":
        return b"S"
    return {8: b"Z", 16: b"X", 24: b"Y"}[key_bytes]


def _kept_scheme(key_bytes: int, in_block: bool) -> bytes:
    if in_block:
        return b"S"
    return {8: b"Z", 16: b"U", 24: b"T"}[key_bytes]


def _terminal_role(tmk: bytes) -> KeyRole:
    """Return the role of the current key: a TMK, or in a key block also a TPK that is replaced."""
    return TPK_CURRENT if tmk[:1] == b"S" and tmk[6:8] in (b"P0", b"71") else TMK_EXPORT


def _check_value(key: SecretKey, kcv_type: bytes) -> bytes:
    digits = 6 if kcv_type == _SHORT_KCV else 16
    return in_hexadecimal(key.check_value())[:digits]


COMMANDS: Final = (
    Command(
        "FA",
        "Translate a ZPK from a ZMK to the LMK",
        (Zmk("ZMK"), Key("ZPK under the ZMK"), AtallaVariant(), exchange_options()),
        (("ZPK under the LMK", KEY_FORM), _KCV),
        receive_zpk,
    ),
    Command(
        "GC",
        "Translate a ZPK from the LMK to a ZMK",
        (Zmk("ZMK"), Key("ZPK under the LMK"), AtallaVariant(), exchange_options()),
        (("ZPK under the ZMK", KEY_FORM), _KCV),
        send_zpk,
        activity=to_send_zpk,
    ),
    Command(
        "IA",
        "Generate a ZPK",
        (Zmk("ZMK"), AtallaVariant(), exchange_options()),
        (("ZPK under the ZMK", KEY_FORM), ("ZPK under the LMK", KEY_FORM), _KCV),
        new_zpk,
        activity=to_send_zpk,
    ),
    Command(
        "HC",
        "Generate a TMK, TPK or PVK",
        (Key("current TMK, TPK or PVK"), exchange_options()),
        (("new key under the current one", KEY_FORM), ("new key under the LMK", KEY_FORM)),
        new_terminal_key,
    ),
)
