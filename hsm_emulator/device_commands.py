"""Commands about the device itself: NC, B2."""
from typing import Final

from hsm_emulator.errors import Code
from hsm_emulator.layout import Command, Counted
from hsm_emulator.lmk import Lmk

FIRMWARE: Final = b"EMUL-0001"  # nine characters, and no vendor's


def diagnose(lmk: Lmk) -> bytes:
    return Code.OK + lmk.check_value + FIRMWARE


def echo(_lmk: Lmk, received: bytes) -> bytes:
    return Code.OK + received


COMMANDS: Final = (
    Command(
        "NC",
        "Diagnose the device",
        (),
        (("LMK check value", "16 H"), ("firmware", "9 A")),
        diagnose,
    ),
    Command("B2", "Echo", (Counted("message"),), (("message", "as received"),), echo),
)
