"""The layout of a host command: one description for the parser and for the manual.

What follows the last field (LMK, attributes, trailer) is found by its place, never by looking for
its mark: binary data may hold any byte.
"""
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hsm_emulator.error_meanings import MEANINGS
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Field, Section, Together, When
from hsm_emulator.key_fields import Key, Zmk
from hsm_emulator.rules import Rules

_SUFFIX: Final = re.compile(
    rb"(?:%(?P<lmk>\d\d))?(?:#(?P<attributes>[^&!\x00-\x1F\x7F-\xFF]*))?"
    rb"(?:&(?P<modifier>[^#!\x00-\x1F\x7F-\xFF]*))?(?:!(?P<version>[0-9A-Za-z]{1,2}))?"
    rb"(?P<trailer>\x19.{0,32})?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, repr=False)  # its values are keys and PINs
class Request:
    """What a request's body says: the values of its fields and what follows them."""

    values: list[bytes]
    lmk: bytes  # %nn, or empty
    attributes: bytes  # after #
    modifier: bytes  # after &
    version: bytes  # after !
    trailer: bytes  # X'19' and what follows


@dataclass(frozen=True, slots=True)
class Command:
    """One host command: its layout, what it answers, and the function that does it.

    `run` gets the LMK and the values in the order of the layout, then one more for each mark of
    `takes`: the text after `#`, `&` and `!`; for `@` the function that answers another command,
    both without header; for `?` the one that says whether an activity is authorised. It returns
    the answer from the error code on.

    `activity` names what must be authorised for a request with these values (empty: nothing), such
    as `export.001`, `import.002`, `component.000` or `clear_pin`; unless it is, the device
    answers 17. An answer 01 of a command that judges PINs counts against
    the limits of PIN failures; over them the device answers 39 without running it.
    """

    code: str
    title: str
    request: tuple[Field, ...]
    answer: Sequence[tuple[str, str]]
    run: Callable[..., bytes]
    takes: str = ""  # of "#&!@?"
    activity: Callable[[list[bytes]], str] | None = None
    judges_pin: bool = False
    codes: Mapping[bytes, str] = field(default_factory=dict)  # what codes of its own mean
    rests_on: str = ""  # said on its page: where the layout comes from, if from little
    key_places: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Note where keys stand among the values: the first key block names the LMK."""
        names = [name for part in self.request for name, _ in part.described()]
        keys = {part.name for part in _flat(self.request) if isinstance(part, Key)}
        places = tuple(place for place, name in enumerate(names) if name in keys)
        object.__setattr__(self, "key_places", places)

    def meaning(self, code: bytes) -> str | None:
        """Return what an error code means as the answer of this command; None: no such code."""
        return self.codes.get(code) or MEANINGS.get(code)

    def under(self, rules: Rules) -> "Command":
        """Return the command as it reads under these rules: a ZMK without tag may be single."""
        if not rules.single_length_zmk:
            return self
        return replace(self, request=tuple(map(_with_single_zmk, self.request)))


def parsed(command: Command, body: bytes) -> Request:
    """Read the body of a request; refuse what is short, long or of the wrong characters."""
    values: list[bytes] = []
    at = 0
    for part in command.request:
        at = part.read(body, at, values)
    if at == len(body):
        return Request(values, b"", b"", b"", b"", b"")
    suffix = suffix_of(body, at)
    if suffix is None:
        raise Refused(Code.INPUT)
    lmk, attributes, modifier, version, trailer = (text or b"" for text in suffix.groups())
    for mark, text in (("#", attributes), ("&", modifier), ("!", version)):
        if text and mark not in command.takes:
            raise Refused(Code.INPUT)
    return Request(values, lmk, attributes, modifier, version, trailer)


def suffix_of(body: bytes, at: int) -> re.Match[bytes] | None:
    """Read what follows the last field, if it can be nothing else."""
    return _SUFFIX.fullmatch(body, at)


def _with_single_zmk(part: Field) -> Field:
    if isinstance(part, Section):
        return replace(part, fields=tuple(map(_with_single_zmk, part.fields)))
    return replace(part, untagged=16) if isinstance(part, Zmk) else part


def _flat(parts: Sequence[Field]) -> list[Field]:
    flat: list[Field] = []
    for part in parts:
        match part:
            case Section(fields=inner) | Together(parts=inner):
                flat.extend(_flat(inner))
            case When(part=one):
                flat.extend(_flat((one,)))
            case _:
                flat.append(part)
    return flat
