"""Commands that make (M6), verify (M8) and translate (MY) MACs of whole messages or parts."""
import hmac
from typing import Final, NamedTuple

from hsm_emulator import mac
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Counted, Field, Hexadecimal
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_fields import ChainingValue, Key
from hsm_emulator.key_types import (
    MAC_ALGORITHM_1,
    MAC_ALGORITHM_3,
    MAC_CMAC,
    KeyRole,
    mac_roles,
    role_of,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.mac_fields import MAC_DIGITS, LastMac
from hsm_emulator.secret_key import SecretKey

# Codes with a meaning of their own in these commands.
_MODE, _FORM, _ALGORITHM, _KEY_TYPE, _PADDING = b"02", b"03", b"04", b"05", b"09"

_CODES: Final = {
    _MODE: "mode",
    _FORM: "input format",
    _ALGORITHM: "algorithm",
    _KEY_TYPE: "key type",
    _PADDING: "padding, or one that a last part cannot have",
}

_ONLY: Final = b"0"
_UNFINISHED: Final = b"12"  # the modes of parts that others follow
_FINISHED: Final = b"03"
_HEXADECIMAL: Final = b"1"
_USAGES: Final = {
    b"1": MAC_ALGORITHM_1, b"3": MAC_ALGORITHM_3, b"5": MAC_CMAC, b"6": MAC_CMAC
}  # fmt: skip
_MAKING: Final = {number: mac_roles(usages, "CGN") for number, usages in _USAGES.items()}
_CHECKING: Final = {number: mac_roles(usages, "CNV") for number, usages in _USAGES.items()}


class _Asked(NamedTuple):
    """What these commands say of a MAC, in the order of their layout."""

    mode: bytes
    form: bytes
    size: bytes
    algorithm: bytes
    padding: bytes
    key_type: bytes
    cryptogram: bytes
    start: bytes

    def mac_of(
        self, lmk: Lmk, roles: dict[bytes, tuple[KeyRole, ...]], message: bytes, parity_code: bytes
    ) -> bytes:
        """Return the digits of the MAC, or of the chaining value after an unfinished part."""
        role = role_of(roles[self.algorithm], self.key_type, lmk.rules, _KEY_TYPE)
        key = lmk.key(self.cryptogram, role, parity_code)
        text = from_hexadecimal(message) if self.form == _HEXADECIMAL else message
        vector = from_hexadecimal(self.start) if self.start else bytes(key.block_bytes)
        if self.mode in _UNFINISHED:
            return in_hexadecimal(mac.chained(key, self.algorithm == b"3", text, vector))
        digits = MAC_DIGITS[self.size]
        if digits > 2 * key.block_bytes:
            raise Refused(Code.INPUT)
        return in_hexadecimal(self._finished(key, text, vector))[:digits]

    def _finished(self, key: SecretKey, text: bytes, vector: bytes) -> bytes:
        if self.algorithm in b"56":  # CMAC has a padding of its own
            return key.cmac(text) if self.mode == _ONLY else mac.last_cmac(key, text, vector)
        if self.padding == b"3" and self.mode != _ONLY:
            raise Refused(_PADDING)  # the length of the whole is not known in the last part
        blocks = mac.padded(text, self.padding, key.block_bytes)
        if self.algorithm == b"3":
            return mac.algorithm_3(key, blocks, vector)
        return mac.algorithm_1(key, blocks, vector)


_VALUES: Final = len(_Asked._fields)


def make_mac(lmk: Lmk, *request: bytes) -> bytes:
    asked, message = _Asked(*request[:_VALUES]), request[_VALUES]
    return Code.OK + asked.mac_of(lmk, _MAKING, message, Code.SOURCE_PARITY)


def check_mac(lmk: Lmk, *request: bytes) -> bytes:
    asked, (message, expected) = _Asked(*request[:_VALUES]), request[_VALUES:]
    made = asked.mac_of(lmk, _CHECKING, message, Code.SOURCE_PARITY)
    if asked.mode in _UNFINISHED:
        return Code.OK + made
    return Code.OK if is_same(lmk, made, expected) else Code.NOT_VERIFIED


def translate_mac(lmk: Lmk, *request: bytes) -> bytes:
    asked, wanted = _Asked(*request[:_VALUES]), _Asked(*request[_VALUES : 2 * _VALUES])
    message, expected = request[2 * _VALUES :]
    if wanted.mode != asked.mode:
        raise Refused(_MODE)
    if wanted.form != asked.form:
        raise Refused(_FORM)
    made = asked.mac_of(lmk, _CHECKING, message, Code.SOURCE_PARITY)
    translated = wanted.mac_of(lmk, _MAKING, message, Code.TARGET_PARITY)
    if asked.mode in _UNFINISHED:
        return Code.OK + made + translated
    return Code.OK + translated if is_same(lmk, made, expected) else Code.NOT_VERIFIED


def is_same(lmk: Lmk, made: bytes, expected: bytes) -> bool:
    """Compare the digits of two MACs; refuse a shorter one unless the rules admit it."""
    if len(expected) < len(made) and not lmk.rules.short_macs:
        raise Refused(Code.INPUT)
    return hmac.compare_digest(made[: len(expected)], expected.upper())


def _asked_at(place: int, which: str = "") -> tuple[Field, ...]:
    """Return the fields of `_Asked` whose first value has this place."""
    return (
        Characters(f"{which}mode (0 only, 1 first, 2 middle, 3 last part)", 1, b"0123", _MODE),
        Characters(f"{which}input format (0 binary, 1 hexadecimal, 2 text)", 1, b"012", _FORM),
        Characters(f"{which}MAC size (0 8 H, 1 16 H, 2 32 H)", 1, b"012"),
        Characters(
            f"{which}algorithm (1 ISO 9797-1 MAC 1, 3 MAC 3, 5 and 6 CMAC)", 1, b"1356", _ALGORITHM
        ),
        Characters(f"{which}padding (0 none, 1, 2 or 3 of ISO 9797-1)", 1, b"0123", _PADDING),
        Hexadecimal(f"{which}key type", 3, _KEY_TYPE),
        Key(f"{which}key"),
        ChainingValue(
            f"{which}chaining value", mode_at=place, key_at=place + 6, modes=(b"2", b"3")
        ),
    )


_REQUEST: Final = (*_asked_at(0), Counted("message"))
_MAC: Final = LastMac("MAC", mode_at=0, size_at=2, modes=_FINISHED)
_MADE: Final = (("MAC, or chaining value with mode 1 and 2", "8 H, 16 H or 32 H"),)

COMMANDS: Final = (
    Command("M6", "Generate a MAC", _REQUEST, _MADE, make_mac, codes=_CODES),
    Command(
        "M8",
        "Verify a MAC",
        (*_REQUEST, _MAC),
        (("chaining value with mode 1 and 2", "16 H or 32 H"),),
        check_mac,
        codes=_CODES,
    ),
    Command(
        "MY",
        "Verify a MAC and make another",
        (*_asked_at(0), *_asked_at(_VALUES, "target "), Counted("message"), _MAC),
        (("target MAC, or both chaining values with mode 1 and 2", "8 H, 16 H or 32 H"),),
        translate_mac,
        codes=_CODES,
    ),
)
