"""What a type of the settings demands, in words, for whoever has to write the right value."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from router.net.addresses import Address, AllowedPeers

ENTRIES_MAX: Final = 1000
SHOWN_MAX: Final = 40
WORDS: Final = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path in quotes",
    Address: 'an address, such as "127.0.0.1:8583"',
    AllowedPeers: 'a list of networks, such as ["127.0.0.0/8"]',
}


def expected(wanted: Any) -> str:
    """What would be right."""
    wanted = without_none(wanted)
    bare = plain(wanted)
    for extra in annotations_of(wanted):
        if extra.description is not None:
            return str(extra.description)
        if extra.ge is not None:
            return f"{WORDS[bare]}, {extra.ge} to {extra.le}"
        if extra.gt is not None:
            return f"{WORDS[bare]} above {extra.gt}, up to {extra.le}"
    if typing.get_origin(bare) is Literal:
        return "one of " + ", ".join(f'"{one}"' for one in typing.get_args(bare))
    if typing.get_origin(bare) is tuple:
        return f"a list; each entry {expected(typing.get_args(bare)[0])}"
    return "a table" if dataclasses.is_dataclass(bare) else WORDS[bare]


def entries_allowed(wanted: Any) -> tuple[int, int]:
    """How many entries a list may have: one at least, unless its annotation says otherwise."""
    for extra in annotations_of(wanted):
        return extra.min_length or 1, extra.max_length or ENTRIES_MAX
    return 1, ENTRIES_MAX


def plain(wanted: Any) -> Any:
    """The type without what is annotated to it."""
    return typing.get_args(wanted)[0] if typing.get_origin(wanted) is Annotated else wanted


def annotations_of(wanted: Any) -> tuple[Any, ...]:
    """The msgspec.Meta of an annotated type."""
    return getattr(wanted, "__metadata__", ())


def without_none(wanted: Any) -> Any:
    """X of `X | None`."""
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(wanted) if one is not types.NoneType)
    return wanted


def shown(value: object) -> str:
    """A value about as TOML writes it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."


def suggestion(unknown: str, known: Iterable[str], what: str) -> str:
    """The nearest known word, or all of them."""
    near = difflib.get_close_matches(unknown, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the {what} here are {', '.join(known)}"
