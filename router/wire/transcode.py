"""Canonical values of one dialect as another can write them: its version, separators, fillings.

What the other has no place for is left out; `specs.versions.losses` says beforehand what that is.
"""
from collections.abc import Mapping
from typing import Final

from router.wire.codec import Codec
from specs.elements import DE
from specs.rules import ElementRule

TRACKS: Final[tuple[int, ...]] = (DE.TRACK_2, DE.TRACK_3)
DIGITS: Final = "0123456789"
HEXADECIMAL: Final = "0123456789ABCDEF"
MAY_BE_CUT: Final[tuple[int, ...]] = (DE.CARD_ACCEPTOR, DE.ADDITIONAL_RESPONSE)  # words for people


def fitted(values: Mapping[int, str], target: Codec) -> dict[int, str]:
    """Values of the target's own version, fitted to its elements one by one."""
    ready: dict[int, str] = {}
    for number, text in values.items():
        rule = target.dialect.elements.get(number)
        if rule is None:
            continue
        fits = fitted_text(rule, text)
        if fits is not None:
            ready[number] = fits
    return ready


def fitted_text(rule: ElementRule, text: str) -> str | None:
    """The text in the element's own form; None where it has no room for it."""
    if rule.number in TRACKS:
        text = _track(text, rule)
    if rule.kind == "b":
        return _bytes(text, rule)
    if len(text) > rule.length_max:
        if rule.number not in MAY_BE_CUT:
            return None
        text = text[:rule.length_max]
    if rule.encoding == "bcd":
        if not _is_digits(text, rule):
            return None
        if rule.counts == "bytes" and len(text) & 1:
            text = text + rule.pad if rule.odd == "right" else rule.pad + text
    elif not _is_writable(text, rule):
        return None
    if not rule.is_fixed or len(text) == rule.length_max:
        return text
    if rule.kind == "n":
        return text.zfill(rule.length_max)
    return None if rule.kind in ("z", "x+n") else text.ljust(rule.length_max)


def _track(text: str, rule: ElementRule) -> str:
    """The separator as text writes it (=) or as digits do (D), without a filling digit F."""
    text = text.removesuffix("F") if "D" in text else text
    return text.replace("=", "D") if rule.encoding == "bcd" else text.replace("D", "=")


def _bytes(text: str, rule: ElementRule) -> str | None:
    text = text.upper()
    if len(text) & 1 or len(text) > 2 * rule.length_max:
        return None
    if rule.is_fixed and len(text) != 2 * rule.length_max:
        return None
    return None if text.strip(HEXADECIMAL) else text


def _is_writable(text: str, rule: ElementRule) -> bool:
    """Any Latin-1 character is EBCDIC; what a peer sent above 7F in ASCII stays with it."""
    if text.isascii():
        return True
    return rule.encoding == "ebcdic" and all(character <= "\xff" for character in text)


def _is_digits(text: str, rule: ElementRule) -> bool:
    digits = text[1:] if rule.kind == "x+n" else text
    return not digits.strip(HEXADECIMAL if rule.kind == "z" else DIGITS)
