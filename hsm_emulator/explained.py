"""A request or an answer decoded into named fields, by the tables that the device reads with.

Only what is known to be harmless is shown; everything else is told by its length. A key block shows
its header, other keys their scheme.
"""
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import MEANINGS, Refused
from hsm_emulator.key_fields import Key
from hsm_emulator.layout import Command, parsed, suffix_of

_HARMLESS: Final = re.compile(
    r"\b(mode|modes|format|formats|type|types|scheme|length|flag|algorithm|padding|size|"
    r"descriptor|KSN|version|number of|count|PVKI|index|option|options|KCV|check value|firmware|"
    r"buffer|protocol|sockets|reserved|PCI|service code|method|ATC|variant|exportability|"
    r"attributes|identifier|exported under|header|sub-commands|divisor|branch)\b"
)
_SECRET: Final = re.compile(
    r"\b(PIN block|PIN under|clear PIN|PAN|account|CVV|PVV|offset|MAC|key|ZMK|TMK|TPK|ZPK|PVK|CVK|"
    r"BDK|data|message|component|components|ARQC|ARPC)\b(?!.*\b(format|length|type|scheme|index|"
    r"variant|mode|flag|KCV|algorithm|number of)\b)"
)
_KEY: Final = re.compile(r"^(?:[SR]|[UXTYZ](?=[0-9A-F]))")
_WIDTHS: Final = re.compile(r"(?:(\d+)(?: to (\d+))?) ([NHAB])")
_ALPHABETS: Final = {
    "N": frozenset(b"0123456789"),
    "H": frozenset(b"0123456789ABCDEFabcdef"),
    "A": frozenset(range(32, 127)),
    "B": frozenset(range(256)),
}
HEADER_BYTES: Final = 4
_REST: Final = "rest, not decoded"
_STEPS_MAX: Final = 10_000


class NotExplained(Exception):
    """These bytes are no request and no answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What was found. Values are masked already."""

    kind: str  # "request" or "answer"
    command: str
    title: str
    header: str
    fields: list[tuple[str, str]]


def explained(
    octets: bytes, commands: Mapping[bytes, Command], header_bytes: int = HEADER_BYTES
) -> Explained:
    """Decode one frame, with or without its two bytes of length."""
    if len(octets) >= 2 and int.from_bytes(octets[:2]) == len(octets) - 2:
        octets = octets[2:]
    header, code, body = (
        octets[:header_bytes], octets[header_bytes : header_bytes + 2], octets[header_bytes + 2 :]
    )  # fmt: skip
    if len(code) < 2:
        raise NotExplained(f"shorter than a header of {header_bytes} and a command")
    shown_header = header.decode("latin-1")
    command = commands.get(code)
    if command is not None:
        fields = _request(command, body)
        return Explained("request", command.code, command.title, shown_header, fields)
    asked = commands.get(bytes((code[0], max(code[1] - 1, 0))))
    if asked is None:
        raise NotExplained(f"neither a command nor an answer: {_shown(code)}; see --header")
    name = code.decode("latin-1")
    return Explained("answer", name, asked.title, shown_header, _answer(asked, body))


def masked(name: str, value: bytes) -> str:
    """Return a value as it may be shown under this name."""
    text = _shown(value)
    if not value:
        return ""
    if _HARMLESS.search(name) and not _SECRET.search(name):
        return text
    if "PAN" in name and value.isdigit() and len(value) > 12:
        return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}"
    if _KEY.match(text) and text[0] in "SR" and len(text) > 17:
        return f"{text[:17]}… key block, {len(value)} characters"
    if _KEY.match(text) and len(value) in (17, 33, 49):
        return f"{text[0]}… {len(value)} characters"
    return f"… {len(value)} {'character' if len(value) == 1 else 'characters'}"


def _request(command: Command, body: bytes) -> list[tuple[str, str]]:
    try:
        request = parsed(command, body)
    except Refused as refusal:
        return [*_begun(command, body), ("refused", _code(refusal.code))]
    names = [name for part in command.request for name, _ in part.described()]
    found = [(name, masked(name, value)) for name, value in zip(names, request.values, strict=True)
             if value]  # fmt: skip
    return [*found, *_suffix(request.lmk, request.attributes, request.modifier, request.version,
                             request.trailer)]  # fmt: skip


def _begun(command: Command, body: bytes) -> Iterator[tuple[str, str]]:
    """Give the fields before the one that is refused."""
    values: list[bytes] = []
    at = 0
    for part in command.request:
        before = len(values)
        names = [name for name, _ in part.described()]
        try:
            at = part.read(body, at, values)
        except Refused:
            yield names[min(len(values) - before, len(names) - 1)], "cannot be read"
            return
        for name, value in zip(names, values[before:], strict=False):
            if value:
                yield name, masked(name, value)


def _suffix(*marked: bytes) -> Iterator[tuple[str, str]]:
    names = ("LMK identifier", "attributes (#)", "exportability (&)", "version (!)", "trailer")
    for name, value in zip(names, marked, strict=True):
        if value:
            yield name, masked(name, value)


def _answer(command: Command, body: bytes) -> list[tuple[str, str]]:
    code, rest = body[:2], body[2:]
    found = [("error", _code(code))]
    if not rest:
        return found
    for end in (len(rest), *_trailer_places(rest)):
        decoded = _matched(list(command.answer), rest[:end])
        if decoded is not None:
            shown = [(name, masked(name, value)) for name, value in decoded if value]
            trailer = [("trailer", masked("trailer", rest[end:]))] if rest[end:] else []
            return [*found, *shown, *trailer]
    return [*found, (_REST, masked(_REST, rest))]


def _trailer_places(rest: bytes) -> Iterator[int]:
    """Give the places of X'19' from which a trailer could run to the end, longest first."""
    for place in range(max(0, len(rest) - 33), len(rest)):
        if rest[place] == 0x19 and suffix_of(rest, place) is not None:
            yield place


def _matched(
    answer: list[tuple[str, str]], rest: bytes
) -> list[tuple[str, bytes]] | None:
    """Lay the fields over the bytes so that nothing is left; None when they do not fit."""
    steps = 0

    def laid(place: int, at: int) -> list[tuple[str, bytes]] | None:
        nonlocal steps
        steps += 1
        if steps > _STEPS_MAX:
            return None
        if place == len(answer):
            return [] if at == len(rest) else None
        name, form = answer[place]
        for end in _ends(name, form, rest, at):
            behind = laid(place + 1, end)
            if behind is not None:
                return [(name, rest[at:end]), *behind]
        return None

    return laid(0, 0)


def _ends(name: str, form: str, rest: bytes, at: int) -> Iterator[int]:
    """Give where a field of this form may end, the likeliest first."""
    if "scheme" in form or "key block" in form or form == "a key":
        with contextlib.suppress(Refused):
            key_ends = Key(name, untagged=16).read(rest, at, [])
            yield key_ends
    widths = _WIDTHS.findall(form)
    for least, most, alphabet in widths:
        for width in range(int(most or least), int(least) - 1, -1):
            end = at + width
            if end <= len(rest) and _ALPHABETS[alphabet].issuperset(rest[at:end]):
                yield end
    if "as counted" in form or "as received" in form or not widths:
        yield from (len(rest), *range(len(rest) - 1, at, -1))
    yield at


def _code(code: bytes) -> str:
    return f"{_shown(code)} {MEANINGS.get(code, 'unknown')}"


def _shown(octets: bytes) -> str:
    """Return printable text as it is, anything else in hexadecimal digits."""
    text = octets.decode("latin-1")
    return text if text.isascii() and text.isprintable() else octets.hex().upper()
