"""What `noyau send` is given: JSON lines in the flat form, each named by its line when it is wrong.

Nothing here repeats a value in an error: values are card data.
"""
import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

LINE_BYTES_MAX: Final = 1 << 20
LINES_KEPT_MAX: Final = 100_000
READ_BYTES: Final = 1 << 16


class BadLine(Exception):
    """One line of the input cannot be sent."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Template:
    """A message as it was written in the input: "auto" and PINs still stand in it."""

    line: int
    mti: str
    header: bytes
    values: Mapping[int, str]


def template(line: int, text: bytes) -> Template:
    """One line of input as a template."""
    try:
        flat = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadLine(line, f"no JSON: {error}") from None
    if not isinstance(flat, dict):
        raise BadLine(line, 'not an object such as {"t": "0100", "2": "...", "4": "..."}')
    mti = flat.pop("t", None)
    if not isinstance(mti, str) or len(mti) != 4 or not mti.isdecimal():
        raise BadLine(line, '"t" must be the MTI, four digits in a string')
    return Template(line, mti, _header(line, flat.pop("h", "")), _values(line, flat))


def _header(line: int, text: object) -> bytes:
    try:
        return bytes.fromhex(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise BadLine(line, '"h", the header, must be hexadecimal digits in a string') from None


def _values(line: int, flat: dict[str, object]) -> dict[int, str]:
    values: dict[int, str] = {}
    for name, value in flat.items():
        if not (name.isascii() and name.isdecimal() and 1 <= int(name) <= 192):
            raise BadLine(line, f'"{name[:20]}" is no element: "t", "h" or a number from 1 to 192')
        if not isinstance(value, str):
            raise BadLine(line, f'element {name} must be a string, as in {{"{name}": "..."}}')
        values[int(name)] = value
    return values


def templates_of_file(descriptor: int) -> Iterator[Template]:
    """Every line of a file, from its first; it can be asked again."""
    with os.fdopen(os.dup(descriptor), "rb") as lines:
        lines.seek(0)
        for number, text in enumerate(iter(lambda: lines.readline(LINE_BYTES_MAX), b""), 1):
            yield from _unless_empty(number, text)


async def templates_of_stream(descriptor: int) -> AsyncIterator[Template]:
    """Lines of a pipe or a terminal as they come; whoever waits for one holds up nobody else."""
    number = 0
    rest = b""
    while chunk := await _read(descriptor):
        *lines, rest = (rest + chunk).split(b"\n")
        for text in lines:
            number += 1
            for one in _unless_empty(number, text):
                yield one
        if len(rest) > LINE_BYTES_MAX:
            raise BadLine(number + 1, f"longer than {LINE_BYTES_MAX} bytes")
    for one in _unless_empty(number + 1, rest):
        yield one


def _unless_empty(number: int, text: bytes) -> Iterator[Template]:
    if len(text) >= LINE_BYTES_MAX:
        raise BadLine(number, f"longer than {LINE_BYTES_MAX} bytes")
    if text.strip():
        yield template(number, text)


def is_file(descriptor: int) -> bool:
    """Whether it can be read twice, and never waits (as /dev/null, which epoll refuses)."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISREG(mode)


def _waits(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


async def _read(descriptor: int) -> bytes:
    if _waits(descriptor):
        await _readable(descriptor)
    return os.read(descriptor, READ_BYTES)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def repeated(descriptor: int, count: int) -> AsyncIterator[Template]:
    """The whole input, `count` times over. A stream goes out as it comes, and is kept for later."""
    if is_file(descriptor):
        for _ in range(count):
            for one in templates_of_file(descriptor):
                yield one
        return
    kept: list[Template] = []
    async for one in templates_of_stream(descriptor):
        yield one
        if count == 1:
            continue
        if len(kept) == LINES_KEPT_MAX:
            raise BadLine(one.line, f"--count keeps {LINES_KEPT_MAX} lines of a pipe: give a FILE")
        kept.append(one)
    for _ in range(count - 1):
        for one in kept:
            yield one
