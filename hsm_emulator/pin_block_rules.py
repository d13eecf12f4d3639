"""Which PIN block format may come in, be made, and become which other one (PCI PIN 3-3).

The matrix follows the tables that IBM and AWS publish for it: what binds the PAN stays bound to
the same one; format 1 binds nothing and may only gain; format 2 is for a card's chip, never for
interchange.
"""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.pin_blocks import (
    DIEBOLD,
    DOCUTEL,
    ISO_0,
    ISO_1,
    ISO_2,
    ISO_3,
    ISO_4,
    PLUS,
    VIS,
    VIS_WITH_CURRENT,
    account_12,
    deciphered_pin,
)
from hsm_emulator.rules import Rules
from hsm_emulator.secret_key import SecretKey

_FOR_CARDS: Final = frozenset((ISO_2, VIS, VIS_WITH_CURRENT))
_BOUND: Final = frozenset((ISO_0, ISO_3, ISO_4))
_OLD: Final = frozenset((DOCUTEL, DIEBOLD, PLUS))
_NAMED: Final = frozenset((b"35", VIS, VIS_WITH_CURRENT, b"46"))  # no layout, or none that travels
_TRANSLATIONS: Final = {
    ISO_0: _BOUND, ISO_3: _BOUND, ISO_4: _BOUND, ISO_1: _BOUND | {ISO_1}
}  # fmt: skip


def check_translation(source: bytes, target: bytes, rules: Rules) -> None:
    """Refuse what weakens a block's binding to its PAN: 69 for a format switched off, else 23."""
    if target in _TRANSLATIONS.get(source, ()):
        return
    check_known(source, rules)
    check_known(target, rules)
    if rules.any_translation:
        return
    admitted = _TRANSLATIONS.get(source, frozenset[bytes]())
    if rules.diebold_blocks and source != ISO_2:
        admitted |= _OLD if source not in _OLD else _OLD | _BOUND
    if rules.chip_pin_blocks and source != ISO_2:
        admitted |= {ISO_2}
    if target not in admitted:
        raise Refused(Code.PIN_BLOCK_FORMAT)


def check_pan_change(source: bytes, target: bytes, rules: Rules) -> None:
    """Refuse another PAN unless tokens are in use, and where a block binds none or is old."""
    if not rules.tokens_in_translation:
        raise Refused(Code.NOT_PERMITTED)
    if not rules.any_translation and not {source, target} <= _BOUND:
        raise Refused(Code.PIN_BLOCK_FORMAT)


def received_pin(
    key: SecretKey, block: bytes, number: bytes, account: bytes, rules: Rules
) -> str:
    """Return a PIN to verify or to keep; refuse formats that it cannot come in."""
    if number not in _TRANSLATIONS:
        check_known(number, rules)
        if number == ISO_2 and not rules.any_translation:
            raise Refused(Code.PIN_BLOCK_FORMAT)
    return deciphered_pin(key, block, number, account)


def check_made(number: bytes, rules: Rules) -> None:
    """Refuse formats that a PIN kept for an account must not be sent in."""
    if number in _BOUND:
        return
    check_known(number, rules)
    is_allowed = rules.any_translation or number in _OLD
    if not is_allowed and not (number == ISO_2 and rules.chip_pin_blocks):
        raise Refused(Code.PIN_BLOCK_FORMAT)


def check_for_card(number: bytes, rules: Rules) -> None:
    """Refuse formats that no chip takes, however a PIN may travel otherwise."""
    if number not in _FOR_CARDS:
        check_known(number, rules)
        raise Refused(Code.PIN_BLOCK_FORMAT)


def check_same_card(account: bytes, card: str, rules: Rules) -> None:
    """Refuse to put a PIN on another account's card unless tokens are in use.

    `card` ends with the PAN and two digits of sequence number.
    """
    is_same = account_12(account) == card[-15:-3].rjust(12, "0").encode("ascii")
    if not is_same and not rules.tokens_in_translation:
        raise Refused(Code.ACCOUNT)


def check_known(number: bytes, rules: Rules) -> None:
    """Refuse formats that this device does not make: 69 when the rules could admit them."""
    if number in _TRANSLATIONS or number == ISO_2:
        return
    if number in _OLD and rules.diebold_blocks:
        return
    is_off = not rules.diebold_blocks and number in _OLD | _NAMED
    raise Refused(Code.FORMAT_DISABLED if is_off else Code.PIN_BLOCK_FORMAT)
