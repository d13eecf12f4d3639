"""Elements that a message gets otherwise than the one that it is made from had them."""
from collections.abc import Iterable, Mapping
from typing import Final

from mypy_extensions import mypyc_attr

SETS_MAX: Final = 1024

_sets: Final[dict[tuple[int, ...], tuple[int, ...]]] = {}


def element_set(numbers: Iterable[int]) -> tuple[int, ...]:
    """These elements as the one tuple of them that there is: what is planned for it is found by
    identity. (Beyond a bound there are several; then it is planned anew.)
    """
    wanted = tuple(numbers)
    if len(_sets) >= SETS_MAX:
        return _sets.get(wanted, wanted)
    return _sets.setdefault(wanted, wanted)


@mypyc_attr(acyclic=True)
class Given:
    """Which ones, and the canonical text of each: a subclass knows them by name, so that no
    dictionary is made for each message.
    """

    __slots__ = ("elements",)

    def __init__(self, elements: tuple[int, ...]) -> None:
        self.elements = elements  # as `element_set` has them

    def text(self, number: int) -> str:
        """Of one of them."""
        raise NotImplementedError

    @property
    def values(self) -> dict[int, str]:
        """All of them, number -> text; made anew each time."""
        return {number: self.text(number) for number in self.elements}


@mypyc_attr(acyclic=True)
class GivenTexts(Given):
    """Those of a dictionary."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[int, str]) -> None:
        super().__init__(element_set(texts))
        self._texts = texts

    def text(self, number: int) -> str:
        return self._texts[number]
