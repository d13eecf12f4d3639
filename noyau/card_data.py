"""What `noyau decode` hides unless --reveal is given, and how `noyau encode` knows it again.

PANs keep their first six and last four digits; tracks, PIN blocks and unreadable chip data are
hidden whole; of readable chip data the values of secret tags. In private elements, whose layout is
the peers' own, card numbers and verification codes that can be recognised are hidden with a
character that no dialect can write.
"""
import binascii
import re
from typing import Final

from router.switching.format_check import is_card_number
from router.wire.pan import Pan
from specs.elements import DE
from specs.rules import Dialect
from specs.tlv import SECRET_TAGS, NotTlv, Tlv, parsed

PANS: Final = frozenset({DE.PAN, DE.PAN_EXTENDED, DE.ACCOUNT_1, DE.ACCOUNT_2})
HIDDEN: Final = frozenset({DE.TRACK_3, DE.TRACK_1, DE.PIN_BLOCK, DE.CHIP_DATA})
BULLET: Final = "\N{BULLET}"
FREE_TEXT: Final = frozenset((DE.ADDITIONAL_RESPONSE, DE.ADDITIONAL_ISO, DE.ADDITIONAL_NATIONAL,
                              DE.PRIVATE_48, *range(56, 64), *range(104, 128)))
CARD_NUMBER: Final = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
VERIFICATION_CODE: Final = re.compile(r"(?i)((?:CVV|CVC|CVN|CID|CSC)2?\W{0,3})(\d{3,4})(?!\d)")
CVC2_SUBELEMENT: Final = re.compile(r"(9203)(\d{3})")  # of DE 48, mastercard-like
PAN_MASK: Final = re.compile(r"(?s).{6}\*+.{4}|\*+")
TRACK_MASK: Final = re.compile(r"(?s).{6}\*+.{4}\**|\*+")


def masked_element(dialect: Dialect, number: int, text: str) -> str:
    """An element's canonical text, with what must not be seen hidden."""
    if dialect.elements[number].tlv:
        return masked_chip_data(text)
    if number in FREE_TEXT:
        return _masked_text(text)
    return masked(number, text)


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


def masked_chip_data(text: str) -> str:
    """Hexadecimal TLV, its secret values as asterisks; all of it where it is no TLV."""
    try:
        objects = parsed(binascii.a2b_hex(text))  # unlike fromhex, takes no spaces
    except (ValueError, NotTlv):
        return "*" * len(text)
    shown = list(text)
    _hide(objects, shown)
    return "".join(shown)


def masked_tlv(found: Tlv) -> str:
    """The value of one object, in hexadecimal."""
    if found.tag in SECRET_TAGS:
        return "*" * (2 * len(found.value))
    return found.value.hex().upper()


def is_masked(number: int, text: str) -> bool:
    """Whether a value looks as if it had been masked here."""
    if BULLET in text:
        return True
    if "*" not in text:
        return False
    if number in PANS:
        return PAN_MASK.fullmatch(text) is not None
    if number == DE.CHIP_DATA:
        return True  # asterisks are no hexadecimal digits
    return number in HIDDEN | {DE.TRACK_2} and TRACK_MASK.fullmatch(text) is not None


def _hide(objects: tuple[Tlv, ...] | list[Tlv], shown: list[str]) -> None:
    for found in objects:
        if found.tag in SECRET_TAGS:
            start = 2 * found.value_offset
            stop = start + 2 * len(found.value)
            shown[start:stop] = "*" * (stop - start)
        _hide(found.children, shown)


def _masked_text(text: str) -> str:
    text = CARD_NUMBER.sub(_hidden_number, text)
    text = VERIFICATION_CODE.sub(lambda found: found[1] + BULLET * len(found[2]), text)
    return CVC2_SUBELEMENT.sub(lambda found: found[1] + BULLET * len(found[2]), text)


def _hidden_number(found: re.Match[str]) -> str:
    digits = found[0]
    if not is_card_number(digits):
        return digits
    return digits[:6] + BULLET * (len(digits) - 10) + digits[-4:]
