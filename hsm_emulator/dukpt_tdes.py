"""Derived unique key per transaction, TDES (ANSI X9.24-1): the PIN key of one KSN."""
from typing import Final

from hsm_emulator.secret_key import SecretKey

_COUNTER_BITS: Final = 21
_INITIAL_MASK: Final = int("C0C0C0C000000000" * 2, 16)
_PIN_MASK: Final = int("00000000000000FF" * 2, 16)


def pin_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    """Return the key for PIN blocks that the terminal with this KSN (10 bytes) uses now."""
    number = int.from_bytes(ksn)
    counter = number & (1 << _COUNTER_BITS) - 1
    register = number - counter
    identity = register.to_bytes(10)[:8]
    key = bdk.encrypt(identity) + SecretKey(_masked(bdk.clear, _INITIAL_MASK)).encrypt(identity)
    for bit in reversed(range(_COUNTER_BITS)):
        if counter >> bit & 1:
            register |= 1 << bit
            key = _next(key, register.to_bytes(10)[2:])
    return SecretKey(_masked(key, _PIN_MASK))


def _next(key: bytes, register: bytes) -> bytes:
    """Return the key after one more set bit of the counter; there is no way back."""
    masked = _masked(key, _INITIAL_MASK)
    return _half(masked, register) + _half(key, register)


def _half(key: bytes, register: bytes) -> bytes:
    left, right = key[:8], int.from_bytes(key[8:])
    mixed = (int.from_bytes(register) ^ right).to_bytes(8)
    return (int.from_bytes(SecretKey(left).encrypt(mixed)) ^ right).to_bytes(8)


def _masked(key: bytes, mask: int) -> bytes:
    return (int.from_bytes(key) ^ mask).to_bytes(16)
