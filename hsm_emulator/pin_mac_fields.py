"""Fields of GO and GQ: the MAC that a terminal sends beside a PIN, or is to get."""
import re
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Hexadecimal
from hsm_emulator.mac_fields import LastBytes

_MAC_OPTIONS: Final = re.compile(rb"(\d\d)(?=[*~!UXTYSR])")
_MAC_DIGITS: Final = {b"1": 16, b"2": 8, b"3": 32}  # by the MAC mode that verifies
_MAKING_MODES: Final = (b"4", b"5", b"6")


@dataclass(frozen=True, slots=True)
class MacOptions:
    """MAC mode and MAC method, one digit each, there when a key does not follow at once."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        found = _MAC_OPTIONS.match(body, at)
        values.append(found[1] if found else b"")
        return found.end(1) if found else at

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "2 N, may be absent")]


@dataclass(frozen=True, slots=True)
class MacAndMessage:
    """The MAC to verify, unless one is to be made, and its message, there when MAC options are.

    Two values, empty otherwise.
    """

    options_at: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        mode = values[self.options_at][:1]
        if not mode:
            values += (b"", b"")
            return at
        if mode in _MAC_DIGITS:
            at = Hexadecimal("MAC", _MAC_DIGITS[mode]).read(body, at, values)
        elif mode in _MAKING_MODES:
            values.append(b"")
        else:
            raise Refused(Code.INPUT)
        return LastBytes("message").read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        widths = ", ".join(f"{width} H with {mode.decode()}" for mode, width in _MAC_DIGITS.items())
        message = LastBytes("message").described()[0][1]
        return [("MAC", f"by the MAC mode: {widths}"), ("message", f"{message}, with MAC options")]
