"""A request or an answer decoded into named fields, by the tables that the device reads with.

Only what is known to be harmless is shown; everything else is told by its length. A key block shows
its header, other keys their scheme.
"""
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Refused
from hsm_emulator.key_fields import Key
from hsm_emulator.layout import Command, parsed, suffix_of

# By the words of a field's name, what stands in brackets apart. Anything else is masked.
_HARMLESS: Final = re.compile(
    r"^(?:kind of|type of|length of|number of|place of|KSN|exported under|derivation|reserved"
    r"|attributes|exportability|version|service code|mode \d\d|ATC|LMK identifier|firmware|count"
    r"|protocol|sockets|tree|verdict|error)\b"
    r"|\b(?:mode|format|type|scheme|size|flag|length|index|PVKI|KCV|check value|method|algorithm"
    r"|padding|variant|options|type code|key scheme, \w[\w ]*|scheme, \w[\w ]*)$"
)
_KEY: Final = re.compile(r"^(?:[SR]|[UXTYZ](?=[0-9A-F]))")
_TAGS: Final = (b"U", b"X", b"T", b"Y", b"Z", b"S", b"R")
_WIDTHS: Final = re.compile(r"(?:(\d+)(?: to (\d+))?) ([NHAB])")
_ALPHABETS: Final = {
    "N": frozenset(b"0123456789"),
    "H": frozenset(b"0123456789ABCDEFabcdef"),
    "A": frozenset(range(32, 127)),
    "B": frozenset(range(256)),
}
HEADER_BYTES: Final = 4
SHOWN_MAX: Final = 10  # a frame cut wrongly puts parts of a key into any field
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
    if _HARMLESS.search(name.partition(" (")[0]) and (len(text) <= SHOWN_MAX or "check" in name):
        return text
    if name.startswith("KSN"):
        return f"…{text[-5:]} {len(value)} characters"
    if name.startswith("PAN") and value.isdigit() and len(value) > 12:
        return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}"
    if _KEY.match(text) and text[0] in "SR" and len(text) > 17:
        return f"{text[:17]}… key block, {len(value)} characters"
    if _KEY.match(text) and len(value) in (17, 33, 49):
        return f"{text[0]}… {len(value)} characters"
    unit = "character" if text.isascii() and len(text) == len(value) else "byte"
    return f"… {len(value)} {unit}{'' if len(value) == 1 else 's'}"


def _request(command: Command, body: bytes) -> list[tuple[str, str]]:
    try:
        request = parsed(command, body)
    except Refused as refusal:
        return [*_begun(command, body), ("refused", _code(refusal.code, command))]
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
    found = [("error", _code(code, command))]
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
    if "scheme" in form or ("key" in name and not _WIDTHS.search(form)):
        if rest[at : at + 1] in _TAGS:
            with contextlib.suppress(Refused):
                key_ends = Key(name).read(rest, at, [])
                yield key_ends
        yield at
        return
    widths = [] if "of length" in form else _WIDTHS.findall(form)
    for least, most, alphabet in widths:
        for width in range(int(most or least), int(least) - 1, -1):
            end = at + width
            if end <= len(rest) and _ALPHABETS[alphabet].issuperset(rest[at:end]):
                yield end
    if not widths:
        yield len(rest)
    yield at


def _code(code: bytes, command: Command) -> str:
    return f"{_shown(code)} {command.meaning(code) or 'unknown'}"


def _shown(octets: bytes) -> str:
    """Return printable text as it is, anything else in hexadecimal digits."""
    text = octets.decode("latin-1")
    return text if text.isascii() and text.isprintable() else octets.hex().upper()
