"""The device: takes the frame of a request, gives the frame of its answer. Knows no sockets."""
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from hsm_emulator import (
    ansi_mac_commands,
    card_commands,
    data_commands,
    device_commands,
    dukpt_verification_commands,
    emv_commands,
    key_commands,
    mac_commands,
    offset_commands,
    pin_commands,
    pin_under_lmk_commands,
    pvv_commands,
    secure_message_commands,
    terminal_mac_commands,
)
from hsm_emulator.authorisation import Authorisations
from hsm_emulator.errors import Code, Refused, place_of
from hsm_emulator.layout import Command, Request, parsed
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_failures import PinFailureLimits, PinFailures

COMMANDS: Final = {
    command.code.encode("ascii"): command
    for command in (
        *device_commands.COMMANDS,
        *key_commands.COMMANDS,
        *pin_commands.COMMANDS,
        *pin_under_lmk_commands.COMMANDS,
        *pvv_commands.COMMANDS,
        *offset_commands.COMMANDS,
        *dukpt_verification_commands.COMMANDS,
        *card_commands.COMMANDS,
        *emv_commands.COMMANDS,
        *secure_message_commands.COMMANDS,
        *mac_commands.COMMANDS,
        *ansi_mac_commands.COMMANDS,
        *terminal_mac_commands.COMMANDS,
        *data_commands.COMMANDS,
    )
}
HEADER_BYTES: Final = 4
DEFAULT_LMK: Final = b"00"
UNKNOWN: Final = "??"  # what the audit log calls a command that is none
# Commands that make, move or change keys: the audit log has every one, refused or not.
KEY_OPERATIONS: Final = frozenset(b"A0 A4 A6 A8 FA GC HC IA".split())
KEYS_COME_AND_GO: Final = ("export", "import", "component", "generate")  # as free_export frees

_log = structlog.get_logger("hsm_emulator")


class Device:
    """Every command with the LMKs it may use. One thread only: cipher contexts hold state."""

    def __init__(
        self,
        lmks: Mapping[bytes, Lmk],
        authorisations: Authorisations | None = None,
        pin_failures: PinFailures | None = None,
        header_bytes: int = HEADER_BYTES,
    ) -> None:
        """Hold the LMKs by their two-digit identifiers; they have the same rules."""
        self._lmks = lmks
        self._header_bytes = header_bytes
        self.rules = next(iter(lmks.values())).rules
        self.authorisations = authorisations or Authorisations()
        self.pin_failures = pin_failures or PinFailures(PinFailureLimits())
        self._counts: dict[tuple[str, str, str], int] = {}
        self._commands = {code: command.under(self.rules) for code, command in COMMANDS.items()}

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request, both without their length."""
        header, asked = request[: self._header_bytes], request[self._header_bytes :]
        if len(asked) < 2:
            return header + b"ZZ" + Code.HEADER
        return header + self.done(asked)

    def done(self, asked: bytes) -> bytes:
        """Return the answer to a command, both without header."""
        code = asked[:2]
        verb = bytes((code[0], (code[1] + 1) & 0xFF))
        command = self._commands.get(code)
        if command is None:
            self._count(UNKNOWN, b"", Code.COMMAND_DISABLED)
            return verb + Code.COMMAND_DISABLED
        trailer, request = b"", None
        try:
            request = parsed(command, asked[2:])
            trailer = request.trailer
            done = self._run(command, request)
        except Refused as refusal:
            done = refusal.code
        except Exception as error:
            # The supervisor of one command: the place is told, never the words; they may hold keys.
            _log.error("command_failed", command=command.code, **place_of(error))
            done = Code.INTERNAL
        if command.judges_pin and done == Code.NOT_VERIFIED:
            self.pin_failures.count()
        if code in KEY_OPERATIONS or not done.startswith(Code.OK):
            named = request.lmk if request is not None and request.lmk in self._lmks else b""
            self._count(command.code, named, done)
        return verb + done + trailer

    def taken_counts(self) -> dict[tuple[str, str, str], int]:
        """Return, once, what the audit log is to hear: key operations and refusals, counted.

        By command, LMK (empty: none named that there is) and error code; bounded by how many of
        these there are.
        """
        counts, self._counts = self._counts, {}
        return counts

    def allow_clear_pins(self, allowed: bool) -> None:
        """Change this one rule while the device runs."""
        self.rules = replace(self.rules, clear_pins=allowed)
        for lmk in self._lmks.values():
            lmk.rules = self.rules

    def _count(self, command: str, lmk: bytes, done: bytes) -> None:
        what = command, lmk.decode("ascii"), done[:2].decode("ascii")
        self._counts[what] = self._counts.get(what, 0) + 1

    def _run(self, command: Command, request: Request) -> bytes:
        values = request.values
        lmk = self._lmks.get(request.lmk) if request.lmk else self._lmk_of(command, values)
        if lmk is None:
            raise Refused(Code.LMK_ID)
        if command.activity is not None:
            activity = command.activity(values)
            if activity and not self._may(activity):
                raise Refused(Code.NOT_AUTHORISED)
        if command.judges_pin and self.pin_failures.are_over():
            raise Refused(Code.FRAUD)
        if not command.takes:
            return command.run(lmk, *values)
        extras: dict[str, bytes | Callable[[bytes], bytes] | Callable[[str], bool]] = {
            "#": request.attributes,
            "&": request.modifier,
            "!": request.version,
            "@": self.done,
            "?": self.authorisations.is_authorised,
        }
        return command.run(lmk, *values, *(extras[mark] for mark in command.takes))

    def _lmk_of(self, command: Command, values: list[bytes]) -> Lmk | None:
        """Return the LMK in the header of the first key block, or the default."""
        block = _first_block(command, values)
        named = self._lmks.get(block[15:17] if block else DEFAULT_LMK)
        if not block or not self.rules.any_lmk_id:
            return named
        able = [lmk for lmk in self._lmks.values() if lmk.block_version == block[1:2]]
        return named if named in able or not able else able[0]

    def _may(self, activity: str) -> bool:
        if self.rules.free_export and activity.partition(".")[0] in KEYS_COME_AND_GO:
            return True
        return self.authorisations.is_authorised(activity)


def _first_block(command: Command, values: list[bytes]) -> bytes:
    """Return the first key of the request that is a key block, or nothing."""
    for place in command.key_places:
        if values[place][:1] == b"S":
            return values[place]
    return b""
