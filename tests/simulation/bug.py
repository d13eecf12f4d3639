"""A fault that can be planted in the router: one function of the core replaced by a broken one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Broken = Callable[[Any], Any]


@dataclass(frozen=True)
class Bug:
    """`owner.name` replaced by what `broken` makes of it; `mix` shows it soonest."""

    owner: Any
    name: str
    broken: Broken
    mix: str
    within: int = 50  # seeds of that mix: by then it is seen


def constant(value: Any) -> Broken:
    """A function that says this, whatever it is asked."""
    return lambda _: lambda *_given, **_named: value


def constant_property(value: Any) -> Broken:
    """A property that is this."""
    return lambda _: property(lambda self: value)
