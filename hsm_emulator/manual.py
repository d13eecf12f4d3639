"""The manual of the host commands, written from the tables that the device reads with.

    python -m hsm_emulator.manual docs/hsm

Every example was really asked of a device. The errors of a command are those that it gave when the
characters of its examples were altered, cut off and added to, one after the other.
"""
import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Final

from hsm_emulator.authorisation import Authorisations
from hsm_emulator.device import COMMANDS, Device
from hsm_emulator.error_meanings import MEANINGS
from hsm_emulator.errors import Code
from hsm_emulator.examples import Example, example_device, made, patterned
from hsm_emulator.layout import Command
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import PROFILES, Rules

HEADER: Final = b"0001"
LINE: Final = 64  # digits of hexadecimal bytes
MADE: Final = "Made by `make hsm-manual` from the tables that the device reads with; not edited.\n"
_FORMS: Final = """`16 N`: 16 digits. `16 H`: 16 hexadecimal digits. `9 A`: 9 printable characters.
`8 B`: 8 bytes. A key is 16 or 32 H, or has a tag: `U` or `X` and 32 H, `T` or `Y` and 48 H, `S` and
a Thales key block, `R` and a TR-31 key block; a block's second field is its length.
"""
_MARKS: Final = {
    "#": "`#` and the attributes of a key block",
    "&": "`&` and the exportability of a key block sent",
    "!": "`!` and the version of a key block sent",
}
_TRIED: Final = (b"?", b"0", b"7", b"A", b"S")


def pages() -> dict[str, str]:
    """Return every page by its file's name."""
    with patterned():
        examples = made()
    by_command: dict[str, list[Example]] = {}
    for example in examples:
        by_command.setdefault(example.command, []).append(example)
    errors = {code: errors_of(found) for code, found in by_command.items()}
    found = {
        f"{command.code}.md": page(command, by_command[command.code], errors[command.code])
        for command in COMMANDS.values()
    }
    return {
        "README.md": index(COMMANDS.values()),
        "errors.md": errors_page(errors),
        "rules.md": rules_page(),
        **found,
    }


def index(commands: Iterable[Command]) -> str:
    """Return the list of all commands."""
    rows = "".join(f"| [{one.code}]({one.code}.md) | {one.title} |\n" for one in commands)
    return (
        f"# Host commands\n\n{MADE}\nThe line, the keys and the rules: [the HSM](../hsm.md). "
        "All [errors](errors.md), all [rules](rules.md).\n\n| command | what it does |\n|---|---|\n"
        f"{rows}"
    )


def page(command: Command, examples: list[Example], errors: list[bytes]) -> str:
    """Return the page of one command."""
    asks = [named for part in command.request for named in part.described()]
    told = [f"# {command.code}: {command.title.lower()[:1]}{command.title[1:]}\n\n{MADE}"]
    if command.rests_on:
        told += ["\n".join(wrap(f"**How sure this is.** {command.rests_on}", 100)) + "\n"]
    told.append(f"## Request `{command.code}`\n\n{_table(asks)}")
    told.append(_behind(command))
    answer = f"{command.code[0]}{chr(ord(command.code[1]) + 1)}"
    told.append(f"## Answer `{answer}`\n\n{_table([('error', '2 A'), *command.answer])}")
    told.append(_FORMS)
    told.append("## Examples\n\nWith the header `0001`; the first two bytes are the length.\n")
    told += [_example(example) for example in examples]
    rows = "".join(
        f"| {code.decode()} | {command.meaning(code)} |\n" for code in errors
    )
    told.append(
        "## Errors\n\nGiven for these examples with one character altered, cut off or added; others"
        f" of [all errors](errors.md) are possible.\n\n| code | what |\n|---|---|\n{rows}"
    )
    return "\n".join(told)


def errors_page(errors: Mapping[str, list[bytes]]) -> str:
    """Return every error code with the commands that were seen to give it."""
    rows = []
    for code, meaning in sorted(MEANINGS.items()):
        givers = " ".join(
            command
            for command, codes in errors.items()
            if code in codes and COMMANDS[command.encode()].meaning(code) == meaning
        )
        rows.append(f"| {code.decode()} | {meaning} | {givers} |\n")
    return (
        f"# Errors\n\n{MADE}\nThe last column has the commands that gave the code when their"
        " examples were altered.\n\n| code | what | commands |\n|---|---|---|\n" + "".join(rows)
    )


def rules_page() -> str:
    """Return every switch of the device with its value in both profiles."""
    rows = []
    for name, words in _flags():
        values = " | ".join(_word(getattr(rules, name)) for rules in PROFILES.values())
        rows.append(f"| `{name}` | {values} | {words} |\n")
    return (
        f"# Rules\n\n{MADE}\nWhat a real device has a switch for. `--profile` or `[hsm] profile`"
        " chooses all of them, table `[rules]` of `hsm.toml` single ones. The checks behind them:"
        " [keys](../hsm-keys.md), [PINs](../hsm-pins.md), [cards, MACs, data](../hsm-cards.md)."
        "\n\n| key | strict | legacy | what it admits |\n|---|---|---|---|\n" + "".join(rows)
    )


def _flags() -> Iterator[tuple[str, str]]:
    """Give each flag of `Rules` with the string below it in the source."""
    body = ast.parse(inspect.getsource(Rules)).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(below.value, ast.Constant)
            yield field.target.id, " ".join(str(below.value.value).split())


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    assert isinstance(value, tuple)
    return ", ".join(f"`{one}`" for one in value)


def errors_of(examples: list[Example]) -> list[bytes]:
    """Return the codes but 00 that altered examples are answered with, in order."""
    allowed, stranger = example_device(), Device(by_identifier(), Authorisations())
    codes = set()
    for example in examples:
        codes.add(stranger.done(example.request)[2:4])
        for altered in alterations(example.request):
            codes.add(allowed.done(altered)[2:4])
    return sorted(codes - {Code.OK})


def alterations(request: bytes) -> Iterable[bytes]:
    """Give the request with each byte behind the command altered, then shorter, then longer."""
    for place in range(2, len(request)):
        for other in _TRIED:
            yield request[:place] + other + request[place + 1 :]
        yield request[:place]
    yield from (request + b"9", request + b"%99", request + b"%00", request + b"%01")


def _behind(command: Command) -> str:
    marks = ["`%nn`, the LMK", *(text for mark, text in _MARKS.items() if mark in command.takes)]
    marks.append("X'19' and up to 32 characters that come back")
    said = f"Behind it may stand, in this order: {'; '.join(marks)}.\n"
    if command.activity is not None:
        said += "\nSome of its forms need authorised state (17).\n"
    if command.judges_pin:
        said += "\nA wrong PIN (01) counts; over the limits of PIN failures every answer is 39.\n"
    return said


def _table(rows: list[tuple[str, str]]) -> str:
    if not rows:
        return "Nothing behind the command.\n"
    lines = "".join(f"| {name} | {form} |\n" for name, form in rows)
    return f"| field | form |\n|---|---|\n{lines}"


def _example(example: Example) -> str:
    frames = [_framed(octets) for octets in (example.request, example.answer)]
    texts = [_text(octets) for octets in (example.request, example.answer)]
    told = f"**{example.title[:1].upper()}{example.title[1:]}**\n\n```\n"
    if all(texts):
        told += f"{texts[0]}\n{texts[1]}\n```\n\n```\n"
    return told + "\n\n".join("\n".join(_rows(frame)) for frame in frames) + "\n```\n"


def _framed(octets: bytes) -> bytes:
    return (len(HEADER) + len(octets)).to_bytes(2) + HEADER + octets


def _text(octets: bytes) -> str:
    text = octets.decode("latin-1")
    return text if text.isascii() and text.isprintable() else ""


def _rows(frame: bytes) -> list[str]:
    digits = frame.hex().upper()
    return [digits[at : at + LINE] for at in range(0, len(digits), LINE)]


def main() -> None:
    """Write the pages into the folder named; drop those of commands that are no more."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    found = pages()
    for path in folder.glob("*.md"):
        if path.name not in found and MADE in path.read_text(encoding="utf-8"):
            path.unlink()
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
