"""What the four digits of an MTI say, for the messages that pass through. Canonical 1987 MTIs."""

from typing import Final

from specs.message_pack import text_bytes

REVERSAL: Final = "4"
MTI_DIGITS: Final = 4

FIRST_REQUESTS: Final = frozenset(("0100", "0200"))
REQUESTS: Final = frozenset(("0100", "0101", "0200", "0201"))
ADVICES: Final = frozenset(("0120", "0121", "0220", "0221"))
REVERSALS: Final = frozenset(("0400", "0401", "0420", "0421"))
# Those of every day, in any version: to look one up is quicker than to make it.
USUAL: Final = [version + digits for version in "012" for digits in (
    "100", "101", "120", "121", "200", "201", "220", "221", "400", "401", "420", "421",
)]  # fmt: skip
RESPONSES: Final = {mti: mti[:2] + str(int(mti[2]) + 1) + "0" for mti in USUAL}

USUAL_RESPONSES: Final = frozenset(RESPONSES.values())


class MessageType:
    """An MTI of those that acquirers send, and what is asked about it on the way."""

    __slots__ = (
        "first_sent", "is_advice", "is_first_request", "is_repeat", "is_request", "is_reversal",
        "may_be_answered", "mti", "packed", "packed_first_sent",
    )  # fmt: skip

    def __init__(self, mti: str) -> None:
        self.mti = mti
        self.may_be_answered: bool = may_be_answered(mti)
        self.is_first_request: bool = mti in FIRST_REQUESTS
        self.is_request: bool = mti in REQUESTS
        self.is_advice: bool = mti in ADVICES
        self.is_reversal: bool = mti in REVERSALS
        self.is_repeat: bool = is_mti(mti) and is_repeat(mti)
        self.first_sent = first_sent(mti)
        self.packed = text_bytes(mti)  # as records have them
        self.packed_first_sent = text_bytes(self.first_sent)


def type_of(mti: str) -> MessageType:
    """Kept for those of every day; whatever else is sent is made anew."""
    if mti == "0100":  # as in `response_to`
        return AUTHORIZATION
    known = TYPES.get(mti)
    return known if known is not None else MessageType(mti)


def is_repeat(mti: str) -> bool:
    """The origin digit is odd: its sender sends it again."""
    return mti[3] in "135"


def is_reversal(mti: str) -> bool:
    """0400 to 0431."""
    return mti[1] == REVERSAL


def is_advice(mti: str) -> bool:
    """xx20 or xx21."""
    return mti[2] == "2"


def may_be_answered(mti: str) -> bool:
    """Four digits, and a request, an advice or a notification."""
    is_usual = mti in REQUESTS or mti in ADVICES
    return is_usual or (is_mti(mti) and mti[2] in "024")


def is_mti(text: str) -> bool:
    """Four digits."""
    return len(text) == MTI_DIGITS and text.isascii() and text.isdigit()


def is_response(mti: str) -> bool:
    """The function digit is odd; only these are matched to a request."""
    return mti[2] in "135"


def first_sent(mti: str) -> str:
    """0101 -> 0100."""
    return mti if mti.endswith("0") else mti[:3] + "0"


def repeated(mti: str) -> str:
    """0420 -> 0421."""
    return mti[:3] + "1"


def response_to(mti: str) -> str:
    """0101 -> 0110; 0421 -> 0430; 1804 -> 1814: the origin stays, its repeat flag does not."""
    if mti == "0100":  # most are: a comparison is a fifth of a look-up
        return "0110"
    known = RESPONSES.get(mti)
    return known if known is not None else mti[:2] + str(int(mti[2]) + 1) + str(int(mti[3]) & ~1)


TYPES: Final = {mti: MessageType(mti) for mti in USUAL}
AUTHORIZATION: Final = TYPES["0100"]
