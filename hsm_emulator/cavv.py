"""Cardholder authentication values of 3-D Secure: Visa's through the CVV, Mastercard's by HMAC.

Visa's and the older Mastercard form are a CVV of a card whose expiry and service code are replaced
(so CW and CY make and verify them); SPA and SPA2 are read off gocavv's published examples.
"""
import hashlib
import hmac
from typing import Final

from hsm_emulator.cvv import cvv
from hsm_emulator.secret_key import SecretKey

PAN_DIGITS: Final = 16  # of longer PANs the last ones
_PAN_FIELD: Final = 20


def visa_cavv(cvk: SecretKey, pan: str, transaction_number: str, results: str) -> str:
    """Return the three digits of a CAVV.

    `transaction_number` is the ATN's last four digits, `results` the authentication results code
    and the second factor's two digits.
    """
    return cvv(cvk, pan[-PAN_DIGITS:] + transaction_number[-4:] + results)


def spa_message(
    merchant: str, control: int, acs: int, method: int, key_number: int, sequence: bytes
) -> bytes:
    """Return the fifteen bytes of a SPA AAV before its MAC; `sequence` has four bytes."""
    name = hashlib.sha1(merchant.encode(), usedforsecurity=False).digest()[:8]
    return bytes([control]) + name + bytes([acs, method << 4 | key_number]) + sequence


def spa_aav(key: bytes, pan: str, message: bytes) -> bytes:
    """Return the twenty bytes of a SPA AAV: the message and five bytes of HMAC-SHA1."""
    return message + hmac.digest(key, _filled(pan) + message, "sha1")[:5]


def spa2_iav(
    key: bytes, pan: str, merchant: str, amount_code: bytes, currency: str, transaction: bytes
) -> bytes:
    """Return the four bytes of a SPA2 issuer authentication value.

    `currency` has three digits, `transaction` the directory server's four bytes; both are bound by
    HMAC-SHA256 with the PAN, the merchant's name and the amount in its two-byte form.
    """
    name = hashlib.sha256(merchant.encode()).digest()[:4]
    bound = _filled(pan) + name + amount_code + bytes.fromhex(currency.rjust(4, "0"))
    return hmac.digest(key, bound + transaction, "sha256")[:4]


def _filled(pan: str) -> bytes:
    return bytes.fromhex(pan.ljust(_PAN_FIELD, "F"))
