"""Commands that make (MA), verify (MC) and translate (ME) MACs of ANSI X9.9 and X9.19."""
from typing import Final

from hsm_emulator import mac
from hsm_emulator.errors import Code
from hsm_emulator.fields import Hexadecimal
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import TAK_GENERATE, TAK_VERIFY, KeyRole
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.mac_commands import is_same
from hsm_emulator.mac_fields import HexadecimalText

_MAC_DIGITS: Final = 8


def make_mac(lmk: Lmk, tak: bytes, message: bytes) -> bytes:
    return Code.OK + _made(lmk, tak, TAK_GENERATE, Code.SOURCE_PARITY, message)


def check_mac(lmk: Lmk, tak: bytes, expected: bytes, message: bytes) -> bytes:
    made = _made(lmk, tak, TAK_VERIFY, Code.SOURCE_PARITY, message)
    return Code.OK if is_same(lmk, made, expected) else Code.NOT_VERIFIED


def translate_mac(
    lmk: Lmk, tak: bytes, target_tak: bytes, expected: bytes, message: bytes
) -> bytes:
    made = _made(lmk, tak, TAK_VERIFY, Code.SOURCE_PARITY, message)
    translated = _made(lmk, target_tak, TAK_GENERATE, Code.TARGET_PARITY, message)
    return Code.OK + translated if is_same(lmk, made, expected) else Code.NOT_VERIFIED


def _made(lmk: Lmk, tak: bytes, role: KeyRole, parity_code: bytes, message: bytes) -> bytes:
    made = mac.ansi(lmk.key(tak, role, parity_code), message)
    return in_hexadecimal(made)[:_MAC_DIGITS]


_MAC: Final = Hexadecimal("MAC", _MAC_DIGITS)
_MESSAGE: Final = HexadecimalText("message")
_MADE: Final = (("MAC", "8 H"),)

COMMANDS: Final = (
    Command("MA", "Generate a MAC under a TAK", (Key("TAK"), _MESSAGE), _MADE, make_mac),
    Command("MC", "Verify a MAC under a TAK", (Key("TAK"), _MAC, _MESSAGE), (), check_mac),
    Command(
        "ME",
        "Verify a MAC and make it under another TAK",
        (Key("TAK"), Key("target TAK"), _MAC, _MESSAGE),
        _MADE,
        translate_mac,
    ),
)
