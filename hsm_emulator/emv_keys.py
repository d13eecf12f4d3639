"""Keys of EMV cards: the card's own from the issuer's master key, and the keys of one transaction.

EMV 4.3 Book 2, annex A1.3 and A1.4; the tree is that of EMV2000 (4.0, A1.3.2). Every key is TDES of
double length, and what is derived gets odd parity.
"""
import hashlib
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.pin_verification import decimal_digits
from hsm_emulator.secret_key import TDES, SecretKey, with_odd_parity

CARD_BYTES: Final = 8  # what a card key is derived from


def card_key(master: SecretKey, card: bytes) -> SecretKey:
    """Derive a card's key from eight bytes: PAN and sequence number, rightmost 16 digits."""
    if master.algorithm != TDES:
        raise Refused(Code.KEY_ALGORITHM)
    if len(master.clear) != 16:
        raise Refused(Code.KEY_LENGTH)
    inverted = bytes(byte ^ 0xFF for byte in card)
    return SecretKey(with_odd_parity(master.encrypt(card + inverted)))


def option_a(pan_and_psn: bytes) -> bytes:
    """Return the bytes of a card from PAN and sequence number, two digits a byte."""
    return pan_and_psn[-CARD_BYTES:].rjust(CARD_BYTES, b"\x00")


def option_b(pan_and_psn: bytes) -> bytes:
    """Return the bytes of a card whose PAN may be longer than 16 digits.

    Up to nine bytes (16 digits and a sequence number) it is option A; longer ones are hashed, and
    16 digits are taken from the hash as for a PVV.
    """
    if len(pan_and_psn) <= CARD_BYTES + 1:
        return option_a(pan_and_psn)
    hashed = hashlib.sha1(pan_and_psn, usedforsecurity=False).hexdigest()
    return bytes.fromhex(decimal_digits(hashed, 2 * CARD_BYTES))


def common_session_key(card: SecretKey, diversifier: bytes) -> SecretKey:
    """Derive the common session key of EMV from eight bytes; the third is replaced.

    The diversifier is ATC and six zeros, for M/Chip ATC, two zeros and the unpredictable number,
    for scripts the application cryptogram.
    """
    left = diversifier[:2] + b"\xf0" + diversifier[3:]
    right = diversifier[:2] + b"\x0f" + diversifier[3:]
    return SecretKey(with_odd_parity(card.encrypt(left + right)))


def mastercard_session_key(card: SecretKey, atc: bytes, unpredictable: bytes) -> SecretKey:
    """Derive the session key of M/Chip (SKD): bound to the terminal's number too."""
    return common_session_key(card, atc + bytes(2) + unpredictable)


def visa_script_key(card: SecretKey, atc: bytes) -> SecretKey:
    """Derive the key of VIS for scripts: the card's own, changed by the ATC and its inverse."""
    inverted = bytes(byte ^ 0xFF for byte in atc)
    changed = int.from_bytes(card.clear) ^ int.from_bytes(bytes(6) + atc + bytes(6) + inverted)
    return SecretKey(with_odd_parity(changed.to_bytes(16)))


def tree_session_key(
    card: SecretKey, atc: bytes, branches: int, height: int, start: bytes
) -> SecretKey:
    """Derive the session key of EMV2000: the leaf of the ATC in a tree that grows from the card's.

    Each node comes from its parent and its grandparent; above the root stands `start`, 16 bytes.
    """
    leaf = int.from_bytes(atc)
    grandparent, parent = start, card.clear
    for level in range(1, height + 1):
        child = _child(parent, grandparent, leaf // branches ** (height - level) % branches)
        if level == height:
            child = (int.from_bytes(child) ^ int.from_bytes(grandparent)).to_bytes(16)
        grandparent, parent = parent, child
    return SecretKey(with_odd_parity(parent))


def _child(parent: bytes, grandparent: bytes, branch: int) -> bytes:
    """Return a node's key, sixteen bytes."""
    mask = branch << 64 | branch ^ 0xF0
    block = (int.from_bytes(grandparent) ^ mask).to_bytes(16)
    return SecretKey(parent).encrypt(block)
