"""Derived unique key per transaction, TDES (ANSI X9.24-1): the keys of one KSN.

The initial key of a terminal comes from its BDK and its identity; each set bit of the 21-bit
counter then changes it once more, and nothing leads back. A double-length BDK gives TDES keys; a
single-length one gives the single-DES keys of the first edition of the standard (X9.24:1998).
"""
from enum import Enum
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import TDES, SecretKey

KSN_BYTES: Final = 10
_COUNTER_BITS: Final = 21
_INITIAL_MASK: Final = int("C0C0C0C000000000" * 2, 16)


class Usage(Enum):
    """What a working key is for: the byte in which each half differs from the session key."""

    PIN = "00000000000000FF"
    MAC_REQUEST = "000000000000FF00"  # or both ways
    MAC_RESPONSE = "00000000FF000000"
    DATA_REQUEST = "0000000000FF0000"  # or both ways
    DATA_RESPONSE = "000000FF00000000"


_MASKS: Final = {usage: int(usage.value * 2, 16) for usage in Usage}
_FOR_DATA: Final = (Usage.DATA_REQUEST, Usage.DATA_RESPONSE)


def working_key(bdk: SecretKey, ksn: bytes, usage: Usage) -> SecretKey:
    """Return the key that the terminal with this KSN (10 bytes) uses now for `usage`.

    Refuses a BDK that is no single- or double-length TDES key, and a KSN of another length.
    """
    variant = _masked(_session(bdk, ksn), _MASKS[usage])
    if usage not in _FOR_DATA:
        return SecretKey(variant)
    return SecretKey(_enciphered(variant, variant))  # one way: data keys give nothing away


def pin_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key for PIN blocks."""
    return working_key(bdk, ksn, Usage.PIN)


def session_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key of one transaction; nothing is enciphered under it, its variants are used."""
    return SecretKey(_session(bdk, ksn))


def initial_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key that a terminal is loaded with (IPEK); the counter of `ksn` is ignored."""
    return SecretKey(_initial(bdk, ksn))


def _session(bdk: SecretKey, ksn: bytes) -> bytes:
    key = _initial(bdk, ksn)
    counter = int.from_bytes(ksn) & (1 << _COUNTER_BITS) - 1
    register = int.from_bytes(ksn) - counter
    for bit in reversed(range(counter.bit_length())):
        if counter >> bit & 1:
            register |= 1 << bit
            key = _next(key, register.to_bytes(KSN_BYTES)[2:])
    return key


def _initial(bdk: SecretKey, ksn: bytes) -> bytes:
    if bdk.algorithm != TDES or len(bdk.clear) not in (8, 16):
        raise Refused(Code.KEY_ALGORITHM)
    if len(ksn) != KSN_BYTES:
        raise Refused(Code.INPUT)
    number = int.from_bytes(ksn)
    identity = (number - (number & (1 << _COUNTER_BITS) - 1)).to_bytes(KSN_BYTES)[:8]
    left = bdk.encrypt(identity)
    if len(bdk.clear) == 8:
        return left
    return left + _enciphered(_masked(bdk.clear, _INITIAL_MASK), identity)


def _next(key: bytes, register: bytes) -> bytes:
    """Return the key after one more set bit of the counter; there is no way back."""
    if len(key) == 8:
        return _half(key, key, register)
    masked = _masked(key, _INITIAL_MASK)
    return _half(masked[:8], masked[8:], register) + _half(key[:8], key[8:], register)


def _half(enciphering: bytes, other: bytes, register: bytes) -> bytes:
    mixed = (int.from_bytes(register) ^ int.from_bytes(other)).to_bytes(8)
    return _masked(_enciphered(enciphering, mixed), int.from_bytes(other))


def _enciphered(key: bytes, blocks: bytes) -> bytes:
    """Encipher under a key that is used once: a SecretKey would make contexts to keep."""
    thirds = key * 3 if len(key) == 8 else key + key[:8]
    return Cipher(TripleDES(thirds), ECB()).encryptor().update(blocks)


def _masked(key: bytes, mask: int) -> bytes:
    """Return `key` exclusive-or the last bytes of `mask`."""
    return (int.from_bytes(key) ^ mask & (1 << 8 * len(key)) - 1).to_bytes(len(key))
