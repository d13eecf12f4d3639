"""What the journal's key does: seals rows into a chain, and makes tokens of cards to search by.

A row is nonce and AES-GCM of its group. Authenticated with it are its number, its time and the tag
of the row before: a row that was changed, moved or replaced cannot be opened, and one that was
taken out leaves its successor without a predecessor. Each segment has a key of its own, derived
from the key at rest: nonces are random, and no key should seal more than 2**32 rows.
"""

import hashlib
import os
import struct
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
NONCES_AT_ONCE: Final = 64
BLOCK_DIGITS: Final = 32  # of AES, two to a byte
KEY_PROOF: Final = b"noyau journal: key at rest"
SEGMENT_PURPOSE: Final = b"noyau journal: rows of segment "
TOKEN_PURPOSE: Final = b"noyau journal: token of a card number"


class NotSealedSo(Exception):
    """Another key, number, time or predecessor than it was sealed with; or other bytes."""


class SegmentSeal:
    """Of one segment's rows."""

    __slots__ = ("_cipher", "_nonces")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._nonces = b""  # not used yet; asked for many at a time

    def closed(self, number: int, at: int, before: bytes, data: bytes) -> bytes:
        """Nonce, ciphertext and tag. `at` in milliseconds since 1970, `before` a tag."""
        sealed = bytearray(sealed_bytes(len(data)))
        return bytes(self.closed_in(sealed, number, at, before, data))

    def closed_in(
        self, room: bytearray, number: int, at: int, before: bytes, data: bytes | bytearray
    ) -> memoryview:
        """The same, written at the beginning of the room: a part of that, which must be as long."""
        if not self._nonces:
            self._nonces = os.urandom(NONCE_BYTES * NONCES_AT_ONCE)
        nonce, self._nonces = self._nonces[:NONCE_BYTES], self._nonces[NONCE_BYTES:]
        sealed = memoryview(room)[: sealed_bytes(len(data))]
        sealed[:NONCE_BYTES] = nonce
        bound = bound_with(number, at, before)
        self._cipher.encrypt_into(nonce, data, bound, sealed[NONCE_BYTES:])
        return sealed

    def opened(self, number: int, at: int, before: bytes, sealed: bytes) -> bytes:
        """Raises NotSealedSo."""
        bound = bound_with(number, at, before)
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise NotSealedSo from None


class Seal:
    """The key at rest, 32 bytes, and what is derived from it."""

    __slots__ = ("_cipher", "_key", "_tokens")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(key)
        # Each card is one block, and of its ciphertext a token shows four bytes: no mode is needed.
        self._tokens = Cipher(AES(derived(key, TOKEN_PURPOSE)), ECB()).encryptor()  # noqa: S305

    def of_segment(self, number: int) -> SegmentSeal:
        """0 is the head's."""
        return SegmentSeal(derived(self._key, SEGMENT_PURPOSE + number.to_bytes(8, "big")))

    def card_tokens(self, pans: Sequence[str]) -> list[int]:
        """32 bits for each, by which an index finds it: made with a key, and not turned back."""
        digits = "".join([pan.ljust(BLOCK_DIGITS, "F") for pan in pans])
        try:
            blocks = bytes.fromhex(digits)
        except ValueError:
            blocks = b""
        if not len(digits) == 2 * len(blocks) == BLOCK_DIGITS * len(pans):
            blocks = b"".join(map(_block, pans))  # something among them is no card number
        return [token for (token,) in struct.iter_unpack("<I12x", self._tokens.update(blocks))]

    def proof(self) -> bytes:
        """Says later whether a key is this one."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, b"", KEY_PROOF)

    def proves(self, proof: bytes) -> bool:
        """This key made it."""
        try:
            self._cipher.decrypt(proof[:NONCE_BYTES], proof[NONCE_BYTES:], KEY_PROOF)
        except (InvalidTag, ValueError):
            return False
        return True


def _block(pan: str) -> bytes:
    """What a token is made of."""
    if not pan or (len(pan) <= BLOCK_DIGITS and pan.isascii() and pan.isdigit()):
        return bytes.fromhex(pan.ljust(BLOCK_DIGITS, "F"))
    return hashlib.sha256(pan.encode()).digest()[: BLOCK_DIGITS // 2]


def derived(key: bytes, purpose: bytes) -> bytes:
    """HKDF-SHA256 without salt."""
    return HKDF(SHA256(), KEY_BYTES, None, purpose).derive(key)


def bound_with(number: int, at: int, before: bytes) -> bytes:
    """What a row's seal covers besides its group."""
    return number.to_bytes(8, "big") + at.to_bytes(8, "big") + before


def sealed_bytes(group_bytes: int) -> int:
    """How long a group of so many bytes is when it is sealed."""
    return NONCE_BYTES + group_bytes + TAG_BYTES


def tag_of(sealed: bytes | memoryview) -> bytes:
    """What the next row is bound to."""
    return bytes(sealed[-TAG_BYTES:])


def first_tag(worker: str) -> bytes:
    """What a worker's first row is bound to: two workers' rows are no substitute for each other."""
    return hashlib.sha256(b"noyau journal: worker " + worker.encode()).digest()[:TAG_BYTES]
