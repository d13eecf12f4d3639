"""The last fence before the log: nothing that looks like card data passes, wherever it comes from.

Nobody should rely on it; what is logged is masked where it is made. Runs of 13 to 19 digits are
shown as first six, last four; longer runs and bytes only by their length.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

WITHHELD_KEYS: Final = frozenset(
    ("pan", "pin", "pin_block", "track_1", "track_2", "cvv2", "key", "data", "frame", "password")
)
PAN_DIGITS_MIN: Final = 13
PAN_DIGITS_MAX: Final = 19
NUMBER_MIN: Final = 10 ** (PAN_DIGITS_MIN - 1)
DEPTH_MAX: Final = 8
PLAIN_TYPES: Final = frozenset((str, int, float, bool, type(None)))
ALL_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789 -", b"00000000000")  # separators, too
PROBE: Final = b"0" * PAN_DIGITS_MIN
LOOKS_LIKE_CARD: Final = re.compile(
    r"(?<![0-9])[0-9]{13,19}[=D][0-9]+"
    r"|[0-9]{13,}"
    r"|(?<![0-9])[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}(?![0-9])"
    r"|(?<![0-9])[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}(?![0-9])"
)


def without_card_data(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same event, fit to be seen."""
    return {
        key: "[withheld]" if key in WITHHELD_KEYS else cleaned(value, DEPTH_MAX)
        for key, value in event.items()
    }


def is_plain(event: Mapping[str, Any]) -> bool:
    """Flat, of types that are written as they are, and under no key that names card data."""
    return WITHHELD_KEYS.isdisjoint(event) and PLAIN_TYPES.issuperset(map(type, event.values()))


def may_look_like_card(line: bytes) -> bool:
    """Of a rendered line: worth a closer look. Cheap, and never wrong when it says no."""
    return PROBE in line.translate(ALL_DIGITS_ALIKE)


def cleaned(value: Any, depth: int) -> Any:
    """The same without anything that looks like a card number; other types become text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -NUMBER_MIN < value < NUMBER_MIN else masked_in(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if depth and isinstance(value, dict):
        return {masked_in(str(key)): cleaned(one, depth - 1) for key, one in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [cleaned(one, depth - 1) for one in value]
    return masked_in(str(value))


def masked_in(text: str) -> str:
    """The text with what looks like a card number masked."""
    return LOOKS_LIKE_CARD.sub(masked, text)


def masked(found: re.Match[str]) -> str:
    """First six, last four; of a track and of a longer run, no more than that."""
    digits = found[0].replace(" ", "").replace("-", "")
    pan, separator, _ = digits.replace("D", "=").partition("=")
    if separator:
        return f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}=[track]"
    if len(digits) > PAN_DIGITS_MAX:
        return f"[{len(digits)} digits]"
    return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"
