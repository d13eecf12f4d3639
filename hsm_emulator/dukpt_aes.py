"""Derived unique key per transaction, AES (ANSI X9.24-3:2017): the keys of one KSN.

Every derivation enciphers a block that says what the new key is for, its algorithm and length,
and which terminal and counter it belongs to. A KSN is twelve bytes: BDK identifier, derivation
identifier and counter, four each.
"""
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import AES_, TDES, SecretKey

KSN_BYTES: Final = 12
_COUNTER_BITS: Final = 32
_UPDATE_COUNTER: Final = b"\xff\xff\xff\xff"  # no transaction has it


class Usage(Enum):
    """The usage indicators of the standard."""

    KEY_ENCRYPTION = 0x0002
    PIN = 0x1000
    MAC_GENERATION = 0x2000  # by the terminal: the MAC of a request
    MAC_VERIFICATION = 0x2001  # by the terminal: the MAC of a response
    MAC_BOTH = 0x2002
    DATA_ENCRYPTION = 0x3000  # by the terminal: the data of a request
    DATA_DECRYPTION = 0x3001  # by the terminal: the data of a response
    DATA_BOTH = 0x3002
    KEY_DERIVATION = 0x8000
    INITIAL_KEY = 0x8001


class Algorithm(Enum):
    """The algorithm indicators of the standard."""

    TDES_2 = 0x0000
    TDES_3 = 0x0001
    AES_128 = 0x0002
    AES_192 = 0x0003
    AES_256 = 0x0004
    HMAC = 0x0005


_KEY_BYTES: Final = {
    Algorithm.TDES_2: 16, Algorithm.TDES_3: 24,
    Algorithm.AES_128: 16, Algorithm.AES_192: 24, Algorithm.AES_256: 32,
}  # fmt: skip
_OF_LENGTH: Final = {16: Algorithm.AES_128, 24: Algorithm.AES_192, 32: Algorithm.AES_256}


def working_key(
    bdk: SecretKey, ksn: bytes, usage: Usage, algorithm: Algorithm | None = None
) -> SecretKey:
    """Return the key that the terminal with this KSN (12 bytes) uses now for `usage`.

    Its algorithm is that of the BDK unless another is named. Refuses a BDK that is no AES key, a
    KSN of another length, a working key stronger than the BDK.
    """
    derived = algorithm or algorithm_of(bdk)
    tdes = derived in (Algorithm.TDES_2, Algorithm.TDES_3)
    if not tdes and _KEY_BYTES[derived] > len(bdk.clear):
        raise Refused(Code.KEY_LENGTH)
    return SecretKey(working_bytes(bdk, ksn, usage, derived), TDES if tdes else AES_)


def working_bytes(bdk: SecretKey, ksn: bytes, usage: Usage, algorithm: Algorithm) -> bytes:
    """Return a working key as bytes: an HMAC key (as long as the BDK) is no cipher key."""
    wanted = len(bdk.clear) if algorithm is Algorithm.HMAC else _KEY_BYTES[algorithm]
    return _derived(_session(bdk, ksn), usage, algorithm, wanted, ksn[4:])


def update_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key that a terminal's next initial key is sent under; `ksn` gives its identity."""
    return working_key(bdk, ksn[:8] + _UPDATE_COUNTER, Usage.KEY_ENCRYPTION)


def session_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key that the working keys of one transaction are derived from."""
    return SecretKey(_session(bdk, ksn), AES_)


def initial_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key that a terminal is loaded with; the counter of `ksn` is ignored."""
    return SecretKey(_initial(bdk, ksn), AES_)


def _session(bdk: SecretKey, ksn: bytes) -> bytes:
    algorithm, key = algorithm_of(bdk), _initial(bdk, ksn)
    counter, reached = int.from_bytes(ksn[8:]), 0
    for bit in reversed(range(counter.bit_length())):
        if counter >> bit & 1:
            reached |= 1 << bit
            context = ksn[4:8] + reached.to_bytes(4)
            key = _derived(key, Usage.KEY_DERIVATION, algorithm, len(key), context)
    return key


def _initial(bdk: SecretKey, ksn: bytes) -> bytes:
    algorithm = algorithm_of(bdk)
    if len(ksn) != KSN_BYTES:
        raise Refused(Code.INPUT)
    return _derived(bdk.clear, Usage.INITIAL_KEY, algorithm, len(bdk.clear), ksn[:8])


def algorithm_of(key: SecretKey) -> Algorithm:
    """Return which AES a key is for."""
    if key.algorithm != AES_:
        raise Refused(Code.KEY_ALGORITHM)
    return _OF_LENGTH[len(key.clear)]


def _derived(
    under: bytes, usage: Usage, algorithm: Algorithm, wanted: int, context: bytes
) -> bytes:
    """Derive a key: version 1, number of the block, usage, algorithm, bits, context of 8 bytes.

    `under` is used once: a SecretKey would make contexts to keep.
    """
    said = usage.value.to_bytes(2) + algorithm.value.to_bytes(2) + (8 * wanted).to_bytes(2)
    numbers = range(1, (wanted + 31) // 16)
    blocks = b"".join(bytes([1, number]) + said + context for number in numbers)
    return Cipher(AES(under), ECB()).encryptor().update(blocks)[:wanted]
