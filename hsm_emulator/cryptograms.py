"""Cryptograms and check values of clear test keys, for tests and for setting up a demo."""
from hsm_emulator.public_lmks import variant_lmk
from hsm_emulator.secret_key import AES_, TDES, SecretKey


def under_lmk(key_type: str, clear_hex: str) -> str:
    """Return a TDES key under the public test variant LMK, scheme U or T by its length."""
    key = SecretKey(bytes.fromhex(clear_hex), TDES)
    scheme = b"T" if len(key.clear) == 24 else b"U"
    return variant_lmk().wrapped(key, key_type.encode("ascii"), scheme, None).decode("ascii")


def kcv(clear_hex: str, algorithm: str = "tdes") -> str:
    """Return the first six digits of the check value of a clear key, `tdes` or `aes`."""
    key = SecretKey(bytes.fromhex(clear_hex), AES_ if algorithm == "aes" else TDES)
    return key.check_value()[:3].hex().upper()
