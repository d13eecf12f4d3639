"""A PIN enciphered under the LMK, for an issuer's database: one digit longer than the PIN.

The published layout fixes the length and that the account is bound; the device's own algorithm is
not public. This one is FF1 (NIST SP 800-38G) under a key derived from the LMK, over the PIN and a
zero: nine in ten foreign or altered values are noticed (error 14), none shows the PIN.
"""
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hsm_emulator.errors import Code, Refused
from hsm_emulator.format_preserving import deciphered_digits, enciphered_digits
from hsm_emulator.secret_key import AES_, SecretKey


def pin_key(lmk: bytes) -> SecretKey:
    """Return the AES key that PINs are enciphered with under this LMK."""
    derived = HKDF(SHA256(), length=16, salt=None, info=b"noyau: PIN under the LMK").derive(lmk)
    return SecretKey(derived, AES_)


def pin_enciphered(key: SecretKey, pin: str, account: bytes) -> bytes:
    """Return the PIN under the LMK, bound to the twelve account digits."""
    return enciphered_digits(key, pin + "0", account).encode("ascii")


def pin_deciphered(key: SecretKey, field: bytes, account: bytes) -> str:
    """Return the PIN, or refuse what this LMK and account did not make."""
    if not 5 <= len(field) <= 13:
        raise Refused(Code.PIN_UNDER_LMK)
    digits = deciphered_digits(key, field.decode("ascii"), account)
    if digits[-1] != "0":
        raise Refused(Code.PIN_UNDER_LMK)
    return digits[:-1]
