"""What a terminal's PIN pad does: an ISO 9564 format 0 block under the acquirer's key.

The demo acquirer's own, apart from the HSM's: a mistake must not sit on both sides.
"""
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes


def pin_block(pin: str, pan: str, key: str) -> str:
    """Format 0: length and PIN over the last 12 digits of the PAN before its check digit."""
    pin_field = f"0{len(pin):X}{pin}".ljust(16, "F")
    pan_field = "0000" + pan[-13:-1].rjust(12, "0")
    clear = int(pin_field, 16) ^ int(pan_field, 16)
    return enciphered(clear.to_bytes(8, "big"), key).hex().upper()


def check_value(key: str) -> str:
    """KCV: six digits of a block of zeros under the key."""
    return enciphered(bytes(8), key).hex().upper()[:6]


def enciphered(block: bytes, key: str) -> bytes:
    """TDES with a double-length key; ECB over one block is the block cipher itself."""
    double = bytes.fromhex(key)
    cipher = Cipher(TripleDES(double + double[:8]), modes.ECB())  # noqa: S305 - one block, ISO 9564
    return cipher.encryptor().update(block)


def with_odd_parity(key: str) -> bool:
    """DES keys carry a parity bit in each byte."""
    return all(byte.bit_count() % 2 for byte in bytes.fromhex(key))
