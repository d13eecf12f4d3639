"""How an element is shown unless card data was asked for: PANs in part, secrets not at all."""
from typing import Final

from router.wire.pan import Pan
from specs.elements import DE

PANS: Final = frozenset({DE.PAN, DE.PAN_EXTENDED, DE.ACCOUNT_1, DE.ACCOUNT_2})
HIDDEN: Final = frozenset({DE.TRACK_3, DE.TRACK_1, DE.PIN_BLOCK, DE.CHIP_DATA})


def masked(element: int, text: str) -> str:
    """The canonical text of an element, with what must not be seen as asterisks."""
    if element in PANS:
        return str(Pan(text))
    if element in HIDDEN:
        return "*" * len(text)
    if element == DE.TRACK_2:
        pan = text.replace("D", "=").partition("=")[0]
        return str(Pan(pan)) + "*" * (len(text) - len(pan))
    return text
