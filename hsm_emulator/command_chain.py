"""NK: several commands in one frame, each carried out as if it had come alone.

Length and count are decimal. Nothing runs unless the whole chain can be read: a wrong count, a
length that does not fit, or a chain within the chain is refused with 52. What a command of the
chain earns, errors included, is in its own answer.
"""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk

_CODE: Final = b"NK"
_COUNT_DIGITS: Final = 2
_LENGTH_DIGITS: Final = 4
_HEADER_CHARACTERS: Final = 4
_WITH_HEADERS: Final = b"1"
_LONGEST_ANSWER: Final = 32_000  # of the whole chain: within the smallest frame a client must take


@dataclass(frozen=True, slots=True)
class Chain:
    """Count, then so many commands with their lengths; one value."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = at + _COUNT_DIGITS
        count = body[at:end]
        if len(count) != _COUNT_DIGITS or not count.isdigit() or not int(count):
            raise Refused(Code.SUBCOMMANDS)
        for _ in range(int(count)):
            length = body[end : end + _LENGTH_DIGITS]
            if len(length) != _LENGTH_DIGITS or not length.isdigit():
                raise Refused(Code.SUBCOMMANDS)
            end += _LENGTH_DIGITS + int(length)
            if end > len(body):
                raise Refused(Code.SUBCOMMANDS)
        values.append(body[at + _COUNT_DIGITS : end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "2 N of count, then each with 4 N of length")]


def chain(_lmk: Lmk, flag: bytes, text: bytes, answered: Callable[[bytes], bytes]) -> bytes:
    """Carry out the commands of the chain in order; with flag 1 each has its own header."""
    header = _HEADER_CHARACTERS if flag == _WITH_HEADERS else 0
    commands = _commands(text)
    for command in commands:
        if len(command) < header + 2 or command[header : header + 2] == _CODE:
            raise Refused(Code.SUBCOMMANDS)
    answers = bytearray()
    for command in commands:
        answer = command[:header] + answered(command[header:])
        answers += f"{len(answer):0{_LENGTH_DIGITS}d}".encode("ascii") + answer
        if len(answer) > 10**_LENGTH_DIGITS - 1 or len(answers) > _LONGEST_ANSWER:
            raise Refused(Code.DATA_LENGTH)
    return Code.OK + f"{len(commands):0{_COUNT_DIGITS}d}".encode("ascii") + bytes(answers)


def _commands(text: bytes) -> list[bytes]:
    found, at = list[bytes](), 0
    while at < len(text):
        start = at + _LENGTH_DIGITS
        at = start + int(text[at:start])
        found.append(text[start:at])
    return found


COMMANDS: Final = (
    Command(
        "NK",
        "Chain commands",
        (
            Characters("header flag (1 each command has its header)", 1, b"01", Code.HEADER),
            Chain("commands"),
        ),
        (("count", "2 N"), ("answers", "each with 4 N of length")),
        chain,
        takes="@",
    ),
)
