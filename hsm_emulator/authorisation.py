"""Authorised state: what two operators have allowed, each activity for a time of its own.

An activity's name has parts divided by dots; who authorises `export` has authorised `export.001`.
"""
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

ACTIVITIES_MAX: Final = 64
ACTIVITY_CHARACTERS_MAX: Final = 40


class NotAuthorised(Exception):
    """The authorisation is not given; the text says why, for the operators."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What is allowed, by whom, until when on the clock of the authorisations."""

    activity: str
    operators: tuple[str, str]
    deadline: float


class Authorisations:
    """The activities that are authorised now; a bounded table."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none."""
        self._clock = clock
        self._given: dict[str, Authorisation] = {}

    def authorise(self, activity: str, operators: Sequence[str], seconds: float) -> Authorisation:
        """Allow an activity for a time; the two operators must be two."""
        name = activity.strip().lower()
        if not name or len(name) > ACTIVITY_CHARACTERS_MAX or not name.isprintable():
            raise NotAuthorised(f"an activity has 1 to {ACTIVITY_CHARACTERS_MAX} characters")
        if len(operators) != 2 or not all(operators) or operators[0] == operators[1]:
            raise NotAuthorised("two different operators are needed")
        self._expire()
        if name not in self._given and len(self._given) >= ACTIVITIES_MAX:
            raise NotAuthorised(f"{ACTIVITIES_MAX} activities are authorised; cancel one first")
        given = Authorisation(name, (operators[0], operators[1]), self._clock() + seconds)
        self._given[name] = given
        return given

    def cancel(self, activity: str) -> int:
        """End an activity's authorisation, or all of them with `*`; say how many ended."""
        self._expire()
        name = activity.strip().lower()
        ended = list(self._given) if name == "*" else [name] if name in self._given else []
        for each in ended:
            del self._given[each]
        return len(ended)

    def is_authorised(self, activity: str) -> bool:
        """Say whether the activity, or one that it is part of, is allowed now."""
        name, now = activity.lower(), self._clock()
        while name:
            given = self._given.get(name)
            if given is not None and now < given.deadline:
                return True
            name = name.rpartition(".")[0]
        return False

    def in_force(self) -> list[tuple[Authorisation, float]]:
        """Return what is allowed now, with the seconds it has left."""
        self._expire()
        now = self._clock()
        return [(given, given.deadline - now) for given in self._given.values()]

    def _expire(self) -> None:
        now = self._clock()
        for name in [name for name, given in self._given.items() if given.deadline <= now]:
            del self._given[name]
