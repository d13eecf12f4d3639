"""What one dialect can say and another cannot carry, between an acquirer and an issuer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from router.switching.outbound import NEVER_FORWARDED
from router.switching.told import CARRIED
from specs.dialect import Dialect, ElementRule
from specs.elements import DE

REQUEST: Final = "request"
ANSWER: Final = "answer"
OWN: Final = frozenset((DE.TRANSMISSION_TIME, DE.STAN, DE.FORWARDER_ID, DE.PIN_BLOCK, 65))
MOVED: Final = frozenset(  # means something else, or is coded otherwise, in another version
    (DE.LOCAL_TIME, DE.LOCAL_DATE, 18, DE.ENTRY_MODE, 24, 25, 26, 30, 39, 56, 70, 90, 95)
)
NUMERIC_KINDS: Final = ("n", "x+n")


@dataclass(frozen=True, slots=True)
class Loss:
    """Elements that do not pass whole, and what becomes of them."""

    direction: str  # "request": acquirer to issuer; "answer": back
    elements: tuple[int, ...]
    consequence: str

    def __str__(self) -> str:
        return f"{self.direction}: DE {spans(self.elements)}: {self.consequence}"


def losses(acquirer: Dialect, issuer: Dialect) -> list[Loss]:
    """Of both directions."""
    asked = [n for n in acquirer.elements if n not in OWN and n not in NEVER_FORWARDED]
    told = [n for n in CARRIED if n in issuer.elements]
    too_long = "longer than the acquirer takes: the acquirer hears the code without it"
    return [
        *between(REQUEST, asked, acquirer, issuer, "answered 30 when {why} there"),
        *between(ANSWER, told, issuer, acquirer, too_long),
    ]


def between(
    direction: str, numbers: Iterable[int], source: Dialect, target: Dialect, refused: str
) -> list[Loss]:
    """Elements that the target has no place for, grouped by what becomes of them."""
    by_consequence: dict[str, list[int]] = {}
    for number in numbers:
        if source.version != target.version and number in MOVED:
            continue
        there = target.elements.get(number)
        if there is None:
            by_consequence.setdefault("left out", []).append(number)
        elif why := misfit(source.elements[number], there):
            by_consequence.setdefault(refused.format(why=why), []).append(number)
    return [Loss(direction, tuple(found), said) for said, found in by_consequence.items()]


def misfit(here: ElementRule, there: ElementRule) -> str:
    """Why a text that is right here may not be written there; empty: it always can."""
    if here.length_max > there.length_max:
        return f"longer than {there.length_max}"
    if there.is_fixed and not here.is_fixed:
        return f"not exactly {there.length_max} long"
    if there.kind in NUMERIC_KINDS and here.kind not in NUMERIC_KINDS:
        return "not digits alone"
    return ""


def spans(numbers: Sequence[int]) -> str:
    """ "44, 46-48, 54"."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{one[0]}-{one[-1]}" if len(one) > 1 else str(one[0]) for one in parts)
