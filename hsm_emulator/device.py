"""The device: takes the frame of a request, gives the frame of its answer. Knows no sockets."""
from collections.abc import Mapping
from typing import Final

import structlog

from hsm_emulator import (
    card_commands,
    data_commands,
    device_commands,
    key_commands,
    mac_commands,
    pin_commands,
    verification_commands,
)
from hsm_emulator.errors import Code, Refused
from hsm_emulator.layout import Command, Request, parsed
from hsm_emulator.lmk import Lmk

COMMANDS: Final = {
    command.code.encode("ascii"): command
    for command in (
        *device_commands.COMMANDS,
        *key_commands.COMMANDS,
        *pin_commands.COMMANDS,
        *verification_commands.COMMANDS,
        *card_commands.COMMANDS,
        *mac_commands.COMMANDS,
        *data_commands.COMMANDS,
    )
}
HEADER_BYTES: Final = 4
DEFAULT_LMK: Final = b"00"

_log = structlog.get_logger("hsm_emulator")


class Device:
    """Every command with the LMKs it may use. One thread only: cipher contexts hold state."""

    def __init__(self, lmks: Mapping[bytes, Lmk]) -> None:
        """Hold the LMKs by their two-digit identifiers."""
        self._lmks = lmks

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request, both without their length."""
        header, code = request[:HEADER_BYTES], request[HEADER_BYTES : HEADER_BYTES + 2]
        if len(code) < 2:
            return header + b"ZZ" + Code.HEADER
        verb = bytes((code[0], (code[1] + 1) & 0xFF))
        command = COMMANDS.get(code)
        if command is None:
            return header + verb + Code.COMMAND_DISABLED
        trailer = b""
        try:
            asked = parsed(command, request[HEADER_BYTES + 2 :])
            trailer = asked.trailer
            done = self._run(command, asked)
        except Refused as refusal:
            done = refusal.code
        except Exception as error:
            # The supervisor of one command: the place is told, never the words; they may hold keys.
            _log.error("command_failed", command=command.code, **_place(error))
            done = Code.INTERNAL
        return header + verb + done + trailer

    def _run(self, command: Command, asked: Request) -> bytes:
        lmk = self._lmks.get(asked.lmk or _named_lmk(command, asked.values))
        if lmk is None:
            raise Refused(Code.LMK_ID)
        if not command.takes:
            return command.run(lmk, *asked.values)
        extras = {"#": asked.attributes, "&": asked.modifier}
        return command.run(lmk, *asked.values, *(extras[mark] for mark in command.takes))


def _named_lmk(command: Command, values: list[bytes]) -> bytes:
    """Return the identifier in the header of the first key block, or the default."""
    for place in command.key_places:
        if values[place][:1] == b"S":
            return values[place][15:17]
    return DEFAULT_LMK


def _place(error: Exception) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return {"error": type(error).__name__, "place": where}
