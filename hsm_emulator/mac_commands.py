"""Commands that make (M6) and check (M8) message authentication codes."""
import hmac
from typing import Final

from hsm_emulator import mac
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Counted, Hexadecimal
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_fields import ChainingValue, Key, MacField
from hsm_emulator.key_types import (
    MAC_ALGORITHM_1,
    MAC_ALGORITHM_3,
    MAC_CMAC,
    mac_roles,
    role_of,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import SecretKey

_ONLY, _FIRST, _MIDDLE = b"0", b"1", b"2"
_HEXADECIMAL: Final = b"1"
_MAC_DIGITS: Final = {b"0": 8, b"1": 16}
_USAGES: Final = {
    b"1": MAC_ALGORITHM_1, b"3": MAC_ALGORITHM_3, b"5": MAC_CMAC, b"6": MAC_CMAC
}  # fmt: skip
_MAKING: Final = {number: mac_roles(usages, "CGN") for number, usages in _USAGES.items()}
_CHECKING: Final = {number: mac_roles(usages, "CNV") for number, usages in _USAGES.items()}


def make_mac(
    lmk: Lmk,
    mode: bytes,
    form: bytes,
    size: bytes,
    algorithm: bytes,
    padding: bytes,
    key_type: bytes,
    cryptogram: bytes,
    start: bytes,
    message: bytes,
) -> bytes:
    role = role_of(_MAKING[algorithm], key_type)
    key = lmk.key(cryptogram, role, Code.SOURCE_PARITY)
    text = from_hexadecimal(message) if form == _HEXADECIMAL else message
    made = _mac(key, mode, algorithm, padding, start, text)
    digits = _MAC_DIGITS[size] if mode not in (_FIRST, _MIDDLE) else 2 * len(made)
    return Code.OK + in_hexadecimal(made)[:digits]


def check_mac(
    lmk: Lmk,
    mode: bytes,
    form: bytes,
    size: bytes,
    algorithm: bytes,
    padding: bytes,
    key_type: bytes,
    cryptogram: bytes,
    start: bytes,
    message: bytes,
    expected: bytes,
) -> bytes:
    role = role_of(_CHECKING[algorithm], key_type)
    key = lmk.key(cryptogram, role, Code.SOURCE_PARITY)
    text = from_hexadecimal(message) if form == _HEXADECIMAL else message
    made = in_hexadecimal(_mac(key, mode, algorithm, padding, start, text))
    if mode in (_FIRST, _MIDDLE):
        return Code.OK + made
    matches = hmac.compare_digest(made[: _MAC_DIGITS[size]], expected.upper())
    return Code.OK if matches else Code.NOT_VERIFIED


def _mac(
    key: SecretKey, mode: bytes, algorithm: bytes, padding: bytes, start: bytes, text: bytes
) -> bytes:
    if algorithm in (b"5", b"6"):
        if mode != _ONLY:
            raise Refused(Code.NOT_PERMITTED)  # a CMAC is made of the whole message here
        if padding != mac.NO_PADDING:
            raise Refused(Code.INPUT)  # CMAC has its own
        return key.cmac(text)
    vector = from_hexadecimal(start) if start else bytes(key.block_bytes)
    if mode in (_FIRST, _MIDDLE):
        return mac.chained(key, algorithm == b"3", text, vector)
    if padding == b"3" and mode != _ONLY:
        raise Refused(Code.INPUT)  # the length of the whole is not known in the last part
    blocks = mac.padded(text, padding, key.block_bytes)
    if algorithm == b"3":
        return mac.algorithm_3(key, blocks, vector)
    return mac.algorithm_1(key, blocks, vector)


_REQUEST: Final = (
    Characters("mode (0 only, 1 first, 2 middle, 3 last part)", 1, b"0123"),
    Characters("input format (0 binary, 1 hexadecimal, 2 text)", 1, b"012"),
    Characters("MAC size (0 8 H, 1 16 H)", 1, b"01"),
    Characters("algorithm (1 ISO 9797-1 MAC 1, 3 MAC 3, 5 and 6 CMAC)", 1, b"1356"),
    Characters("padding (0 none, 1, 2 or 3 of ISO 9797-1)", 1, b"0123"),
    Hexadecimal("key type", 3, Code.KEY_TYPE),
    Key("key"),
    ChainingValue("chaining value", mode_at=0, key_at=6, modes=(b"2", b"3")),
    Counted("message"),
)

COMMANDS: Final = (
    Command(
        "M6",
        "Generate a MAC",
        _REQUEST,
        (("MAC, or chaining value with mode 1 and 2", "8 H or 16 H"),),
        make_mac,
    ),
    Command(
        "M8",
        "Verify a MAC",
        (*_REQUEST, MacField("MAC", mode_at=0, size_at=2, modes=(b"0", b"3"))),
        (("chaining value with mode 1 and 2", "16 H"),),
        check_mac,
    ),
)
