"""Commands about the device itself: NC, NO, B2, NK."""
from typing import Final

from hsm_emulator import command_chain
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Counted, Digits
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk

FIRMWARE: Final = b"EMUL-0001"  # nine characters, and no vendor's
_BUFFER: Final = b"3"  # 32K
_TCP: Final = b"1"
_SOCKETS: Final = b"0128"
_NOT_PCI: Final = b"0"


def diagnose(lmk: Lmk) -> bytes:
    return Code.OK + lmk.check_value + FIRMWARE


def echo(_lmk: Lmk, received: bytes) -> bytes:
    return Code.OK + received


def status(_lmk: Lmk, mode: bytes) -> bytes:
    if mode == b"00":
        return Code.OK + _BUFFER + _TCP + _SOCKETS + FIRMWARE + b"0" + b"0000"
    if mode == b"01":
        return Code.OK + _NOT_PCI
    raise Refused(Code.INPUT)


COMMANDS: Final = (
    Command(
        "NC",
        "Diagnose the device",
        (),
        (("LMK check value", "16 H"), ("firmware", "9 A")),
        diagnose,
    ),
    Command(
        "NO",
        "Tell the device's status",
        (Digits("mode (00 interface, 01 PCI)", 2),),
        (
            ("mode 00: buffer size", "1 N"),
            ("protocol", "1 N"),
            ("sockets", "4 N"),
            ("firmware", "9 A"),
            ("reserved", "5 N"),
            ("mode 01: PCI compliance", "1 N, always 0"),
        ),
        status,
    ),
    Command("B2", "Echo", (Counted("message"),), (("message", "as received"),), echo),
    *command_chain.COMMANDS,
)
