"""GW: make or verify the MAC of a DUKPT terminal's message."""
from typing import Final

from hsm_emulator import mac
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, When
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_types import BDKS_TO_GENERATE, BDKS_TO_VERIFY
from hsm_emulator.ksn_fields import Ksn
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.mac_commands import is_same
from hsm_emulator.mac_fields import LastBytes, MacOfMode
from hsm_emulator.pin_fields import Bdk
from hsm_emulator.secret_key import AES_
from hsm_emulator.terminal_keys import MAC_REQUEST, MAC_RESPONSE, terminal_key

_DIGITS: Final = {b"1": 16, b"2": 8, b"3": 32, b"4": 16, b"5": 8, b"6": 32}  # by the mode
_VERIFYING: Final = b"123"
_PURPOSES: Final = {b"1": MAC_REQUEST, b"2": MAC_RESPONSE, b"3": MAC_REQUEST, b"4": MAC_RESPONSE}
_CMAC: Final = b"34"


def terminal_mac(
    lmk: Lmk,
    mode: bytes,
    method: bytes,
    bdk: bytes,
    flag: bytes,
    ksn: bytes,
    expected: bytes,
    message: bytes,
) -> bytes:
    roles = BDKS_TO_VERIFY if mode in _VERIFYING else BDKS_TO_GENERATE
    base = lmk.key(bdk, roles[flag], Code.SOURCE_PARITY)
    key = terminal_key(base, ksn, _PURPOSES[method])
    digits = _DIGITS[mode]
    if digits > 2 * key.block_bytes:
        raise Refused(Code.INPUT)
    if key.algorithm == AES_ or method in _CMAC:
        made = in_hexadecimal(key.cmac(message))[:digits]
    else:
        made = in_hexadecimal(mac.ansi(key, message))[:digits]
    if mode not in _VERIFYING:
        return Code.OK + made
    return Code.OK if is_same(lmk, made, expected) else Code.NOT_VERIFIED


COMMANDS: Final = (
    Command(
        "GW",
        "Make or verify the MAC of a DUKPT terminal",
        (
            Characters(
                "MAC mode (verify 1 16 H, 2 8 H, 3 32 H; generate 4 16 H, 5 8 H, 6 32 H)",
                1, b"123456",
            ),
            Characters(
                "MAC method (1 ANSI X9.19 of a request, 2 of a response, 3 and 4 the same by CMAC;"
                " an AES BDK always means CMAC)",
                1, b"1234",
            ),
            Bdk("BDK"),
            Ksn("KSN", key_at=2),
            When(0, _VERIFYING, MacOfMode("MAC", 0, _DIGITS), "with mode 1, 2 and 3"),
            LastBytes("message"),
        ),
        (("MAC, with mode 4, 5 and 6", "8 H, 16 H or 32 H"),),
        terminal_mac,
    ),
)  # fmt: skip
