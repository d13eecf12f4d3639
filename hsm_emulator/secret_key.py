"""A key in the clear, with its cipher contexts ready: what every command computes with.

The contexts are kept because making one costs ten times the block it enciphers. They hold state:
whole blocks only, one thread only. Neither `str` nor `repr` shows the key.
"""
import hmac
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

from hsm_emulator.errors import Code, Refused

TDES: Final = "T"
AES_: Final = "A"
DES: Final = "D"  # in a header only: the key itself is a TDES key of eight bytes
HMAC: Final = "H"

_KEY_BYTES: Final = {
    TDES: (8, 16, 24), DES: (8,), AES_: (16, 24, 32), HMAC: range(8, 129)
}  # fmt: skip

WEAK_HALVES: Final = frozenset(
    bytes.fromhex(half)
    for half in (
        "0101010101010101", "FEFEFEFEFEFEFEFE", "E0E0E0E0F1F1F1F1", "1F1F1F1F0E0E0E0E",
        "011F011F010E010E", "1F011F010E010E01", "01E001E001F101F1", "E001E001F101F101",
        "01FE01FE01FE01FE", "FE01FE01FE01FE01", "1FE01FE00EF10EF1", "E01FE01FF10EF10E",
        "1FFE1FFE0EFE0EFE", "FE1FFE1FFE0EFE0E", "E0FEE0FEF1FEF1FE", "FEE0FEE0FEF1FEF1",
    )
)  # fmt: skip

_ODD: Final = bytes(byte if byte.bit_count() % 2 else byte ^ 1 for byte in range(256))


class SecretKey:
    """TDES (8, 16 or 24 bytes), AES (16, 24 or 32 bytes) or HMAC (any length, no cipher)."""

    __slots__ = ("_left", "algorithm", "block_bytes", "clear", "decrypt", "encrypt")

    encrypt: Callable[[bytes], bytes]
    decrypt: Callable[[bytes], bytes]

    def __init__(self, clear: bytes, algorithm: str = TDES) -> None:
        """Make both ECB contexts."""
        self.clear = clear
        self.algorithm = algorithm
        self._left: SecretKey | None = None
        self.block_bytes = 16 if algorithm == AES_ else 8
        if algorithm == HMAC:
            self.encrypt = self.decrypt = _no_cipher
            return
        cipher = Cipher(_algorithm(clear, algorithm), ECB())
        self.encrypt = cipher.encryptor().update
        self.decrypt = cipher.decryptor().update

    def __repr__(self) -> str:
        """Name the kind of key, never the key."""
        return f"<key: {self.algorithm}, {8 * len(self.clear)} bits>"

    def left(self) -> "SecretKey":
        """Return the first eight bytes as a single DES key, made once."""
        if self._left is None:
            self._left = SecretKey(self.clear[:8])
        return self._left

    def encrypt_cbc(self, clear: bytes, start: bytes) -> bytes:
        """Return whole blocks enciphered in CBC from the vector `start`."""
        return Cipher(_algorithm(self.clear, self.algorithm), CBC(start)).encryptor().update(clear)

    def decrypt_cbc(self, enciphered: bytes, start: bytes) -> bytes:
        """Return whole blocks deciphered in CBC from the vector `start`."""
        cipher = Cipher(_algorithm(self.clear, self.algorithm), CBC(start))
        return cipher.decryptor().update(enciphered)

    def encrypt_cfb(self, clear: bytes, start: bytes, feedback_bytes: int) -> bytes:
        """Return data of any length enciphered in CFB, one byte or a whole block fed back."""
        return self._cfb(start, feedback_bytes).encryptor().update(clear)

    def decrypt_cfb(self, enciphered: bytes, start: bytes, feedback_bytes: int) -> bytes:
        """Undo `encrypt_cfb`."""
        return self._cfb(start, feedback_bytes).decryptor().update(enciphered)

    def _cfb(self, start: bytes, feedback_bytes: int) -> Cipher[CFB | CFB8]:
        mode = CFB8 if feedback_bytes == 1 else CFB
        return Cipher(_algorithm(self.clear, self.algorithm), mode(start))

    def cmac(self, data: bytes) -> bytes:
        """Return the CMAC of `data`, one block long."""
        mac = CMAC(_algorithm(self.clear, self.algorithm))
        mac.update(data)
        return mac.finalize()

    def check_value(self) -> bytes:
        """Return the KCV, whole: TDES of a zero block; AES-CMAC of one (ANSI X9.24-1 and -3).

        Of an HMAC key it is HMAC-SHA-256 of nothing, sixteen bytes: no published rule was found.
        """
        if self.algorithm == TDES:
            return self.encrypt(bytes(8))
        if self.algorithm == HMAC:
            return hmac.digest(self.clear, b"", "sha256")[:16]
        return self.cmac(bytes(16))


def key_of(clear: bytes, algorithm: str) -> SecretKey:
    """Return the key that a header of this algorithm stands before; refuse other lengths (27)."""
    if len(clear) not in _KEY_BYTES[algorithm]:
        raise Refused(Code.KEY_LENGTH)
    return SecretKey(clear, TDES if algorithm == DES else algorithm)


def has_odd_parity(clear: bytes) -> bool:
    """Say whether every byte of a TDES key has an odd number of ones."""
    return hmac.compare_digest(clear.translate(_ODD), clear)


def with_odd_parity(clear: bytes) -> bytes:
    """Return the TDES key with the last bit of each byte set for odd parity."""
    return clear.translate(_ODD)


def halves_repeat(clear: bytes) -> bool:
    """Say whether a longer TDES key is no stronger than a single one."""
    halves = [with_odd_parity(clear[at : at + 8]) for at in range(0, len(clear), 8)]
    return any(left == right for left, right in pairwise(halves))


def is_weak(clear: bytes) -> bool:
    """Say whether a third of the TDES key is one of the sixteen weak and semi-weak DES keys."""
    odd = with_odd_parity(clear)
    return any(odd[at : at + 8] in WEAK_HALVES for at in range(0, len(odd), 8))


def _no_cipher(_data: bytes) -> bytes:
    raise Refused(Code.KEY_ALGORITHM)


def _algorithm(clear: bytes, algorithm: str) -> TripleDES | AES:
    if algorithm == AES_:
        return AES(clear)
    if algorithm == HMAC:
        raise Refused(Code.KEY_ALGORITHM)
    match len(clear):
        case 8:
            return TripleDES(clear * 3)
        case 16:
            return TripleDES(clear + clear[:8])
        case _:
            return TripleDES(clear)
