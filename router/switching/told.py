"""What an acquirer hears: a code, and what of the issuer's answer goes with it."""

from typing import Final

from mypy_extensions import mypyc_attr

from router.switching.response_codes import ResponseCode
from router.wire.given import Given, element_set
from specs.elements import DE

CARRIED: Final[tuple[int, ...]] = (
    DE.AMOUNT,
    DE.AUTHORIZATION_CODE,
    DE.RESPONSE_CODE,
    DE.ADDITIONAL_RESPONSE,
    DE.ADDITIONAL_AMOUNTS,
    DE.CHIP_DATA,
)
PARTIAL_APPROVAL: Final = "10"
CODE_ONLY: Final = element_set((DE.RESPONSE_CODE,))
CODE_AND_NUMBER: Final = element_set((DE.AUTHORIZATION_CODE, DE.RESPONSE_CODE))


@mypyc_attr(acyclic=True)
class Told(Given):
    """An answer, good for every request that waits for it and for every repeat to come: what it
    gives an acquirer's response beyond what that echoes. All texts are of 1987.

    Never changed. (A frozen dataclass is, compiled, several times as slow to make.)
    """

    __slots__ = (
        "additional_amounts",
        "additional_response",
        "amount",
        "approves",
        "authorization_code",
        "chip_data",
        "code",
        "decided_by",
        "ended_in",
    )

    def __init__(
        self,
        code: str,
        approves: bool,
        decided_by: str,
        ended_in: str,
        authorization_code: str = "",
        additional_response: str = "",
        additional_amounts: str = "",
        chip_data: str = "",
        amount: str = "",
    ) -> None:
        self.code = code
        self.approves = approves
        self.decided_by = decided_by
        self.ended_in = ended_in
        self.authorization_code = authorization_code  # empty, as all that follow: there is none
        self.additional_response = additional_response
        self.additional_amounts = additional_amounts
        self.chip_data = chip_data
        self.amount = amount  # of a partial approval
        is_usual = not (additional_response or additional_amounts or chip_data or amount)
        if is_usual:
            self.elements = CODE_AND_NUMBER if authorization_code else CODE_ONLY
        else:
            self.elements = element_set(n for n in CARRIED if self.text(n))

    def text(self, number: int) -> str:
        if number == DE.RESPONSE_CODE:
            return self.code
        if number == DE.AUTHORIZATION_CODE:
            return self.authorization_code
        if number == DE.ADDITIONAL_RESPONSE:
            return self.additional_response
        if number == DE.ADDITIONAL_AMOUNTS:
            return self.additional_amounts
        if number == DE.CHIP_DATA:
            return self.chip_data
        assert number == DE.AMOUNT
        return self.amount if self.code == PARTIAL_APPROVAL else ""

    @property
    def kept_elements(self) -> dict[int, str]:
        """What the journal keeps of them, the code apart."""
        kept: dict[int, str] = {}
        if self.authorization_code:
            kept[DE.AUTHORIZATION_CODE] = self.authorization_code
        if self.additional_response:
            kept[DE.ADDITIONAL_RESPONSE] = self.additional_response
        if self.additional_amounts:
            kept[DE.ADDITIONAL_AMOUNTS] = self.additional_amounts
        if self.amount:
            kept[DE.AMOUNT] = self.amount
        return kept


def declined(code: str, ended_in: str) -> Told:
    """Decided here, in this step (docs/response-codes.md)."""
    return Told(code, False, "router", ended_in)


NOT_STORED: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "journal")
"""The disk refused the records, or there is no room for what must follow."""

OVERLOADED: Final = declined(ResponseCode.SYSTEM_MALFUNCTION, "limits")
"""Turned away, so that what was let in keeps its time."""

REVERSAL_ACCEPTED: Final = Told(ResponseCode.APPROVED, True, "router", "reversal")
"""It is durable here, or there is nothing to undo."""
