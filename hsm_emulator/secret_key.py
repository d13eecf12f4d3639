"""A key in the clear, with its cipher contexts ready: what every command computes with.

The contexts are made when they are first needed and kept, because making one costs five times the
block it enciphers. They hold state: whole blocks only, one thread only. Neither `str` nor `repr`
shows the key.
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

_MADE_WHEN_NEEDED: Final = frozenset(("encrypt", "decrypt", "_left", "_chaining"))

_ODD: Final = bytes(byte if byte.bit_count() % 2 else byte ^ 1 for byte in range(256))


class SecretKey:
    """TDES (8, 16 or 24 bytes), AES (16, 24 or 32 bytes) or HMAC (any length, no cipher)."""

    __slots__ = (
        "_chaining", "_left", "_previous", "algorithm", "block_bytes", "clear", "decrypt", "encrypt"
    )  # fmt: skip

    encrypt: Callable[[bytes], bytes]
    decrypt: Callable[[bytes], bytes]
    _left: "SecretKey"
    _chaining: Callable[[bytes], bytes]

    def __init__(self, clear: bytes, algorithm: str = TDES) -> None:
        """Take the key; of a wrong length it fails at its first use."""
        self.clear = clear
        self.algorithm = algorithm
        self.block_bytes = 16 if algorithm == AES_ else 8

    def __getattr__(self, name: str) -> object:
        """Make what is missing, once: a context, or the key of the first eight bytes."""
        if name not in _MADE_WHEN_NEEDED:
            raise AttributeError(name)
        made: object
        if name == "_left":
            made = SecretKey(self.clear[:8])
        elif name == "_chaining":
            start = bytes(self.block_bytes)
            self._previous = 0
            made = Cipher(_algorithm(self.clear, self.algorithm), CBC(start)).encryptor().update
        else:
            cipher = Cipher(_algorithm(self.clear, self.algorithm), ECB())
            made = (cipher.encryptor() if name == "encrypt" else cipher.decryptor()).update
        setattr(self, name, made)
        return made

    def __repr__(self) -> str:
        """Name the kind of key, never the key."""
        return f"<key: {self.algorithm}, {8 * len(self.clear)} bits>"

    def left(self) -> "SecretKey":
        """Return the first eight bytes as a single DES key."""
        return self._left

    def encrypt_cbc(self, clear: bytes, start: bytes) -> bytes:
        """Return whole blocks enciphered in CBC from the vector `start`.

        The context goes on from the block before: with that taken out of the first one again it
        is as if it had begun at `start`.
        """
        size, chaining = self.block_bytes, self._chaining
        assert clear
        assert len(clear) % size == 0
        first = int.from_bytes(clear[:size]) ^ int.from_bytes(start) ^ self._previous
        enciphered = chaining(first.to_bytes(size) + clear[size:])
        self._previous = int.from_bytes(enciphered[-size:])
        return enciphered

    def decrypt_cbc(self, enciphered: bytes, start: bytes) -> bytes:
        """Return whole blocks deciphered in CBC from the vector `start`."""
        before = start + enciphered[: -self.block_bytes]
        clear = int.from_bytes(self.decrypt(enciphered)) ^ int.from_bytes(before)
        return clear.to_bytes(len(enciphered))

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
