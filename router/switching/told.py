"""What an acquirer hears: a code, and what of the issuer's answer goes with it."""

from typing import Final

from mypy_extensions import mypyc_attr

from router.switching.response_codes import ResponseCode
from specs.elements import DE

CARRIED: Final[tuple[int, ...]] = (
    DE.AUTHORIZATION_CODE,
    DE.ADDITIONAL_RESPONSE,
    DE.ADDITIONAL_AMOUNTS,
    DE.CHIP_DATA,
)
NEVER_KEPT: Final = DE.CHIP_DATA  # of these


@mypyc_attr(acyclic=True)
class Told:
    """An answer, good for every request that waits for it and for every repeat to come.

    Never changed. (A frozen dataclass is, compiled, several times as slow to make.)
    """

    __slots__ = ("approves", "code", "decided_by", "elements", "ended_in")

    def __init__(
        self, code: str, approves: bool, elements: dict[int, str], decided_by: str, ended_in: str
    ) -> None:
        self.code = code
        self.approves = approves
        self.elements = elements  # CARRIED ones, of a part of the amount DE 4, too; 1987 texts
        self.decided_by = decided_by
        self.ended_in = ended_in

    @property
    def kept_elements(self) -> dict[int, str]:
        """What the journal keeps of them."""
        if NEVER_KEPT not in self.elements:
            return self.elements
        return {number: text for number, text in self.elements.items() if number != NEVER_KEPT}


def declined(code: str, ended_in: str) -> Told:
    """Decided here, in this step (docs/response-codes.md)."""
    return Told(code, False, {}, "router", ended_in)


NOT_STORED: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "journal")
"""The disk refused the records, or there is no room for what must follow."""

OVERLOADED: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "limits")
"""Turned away, so that what was let in keeps its time."""

REVERSAL_ACCEPTED: Final = Told(ResponseCode.APPROVED, True, {}, "router", "reversal")
"""It is durable here, or there is nothing to undo."""
