"""Message authentication codes: ISO 9797-1 algorithms 1 and 3, CMAC; whole or in parts."""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import TDES, SecretKey

NO_PADDING: Final = b"0"


def padded(message: bytes, method: bytes, block_bytes: int) -> bytes:
    """Pad as ISO 9797-1 numbers the methods: 1 zeros, 2 a one bit and zeros, 3 length first."""
    if method == b"2":
        message += b"\x80"
    filled = message + bytes(-len(message) % block_bytes)
    if method == b"3":
        return (8 * len(message)).to_bytes(block_bytes) + filled
    if method == NO_PADDING and len(filled) != len(message):
        raise Refused(Code.DATA_LENGTH)
    return filled


def chained(key: SecretKey, algorithm_3: bool, blocks: bytes, start: bytes) -> bytes:
    """Return the chaining value after whole blocks that are not the last ones."""
    if algorithm_3:
        _check_retail(key)
    if not blocks or len(blocks) % key.block_bytes:
        raise Refused(Code.DATA_LENGTH)
    under = key.left() if algorithm_3 else key
    return under.encrypt_cbc(blocks, start)[-key.block_bytes :]


def algorithm_1(key: SecretKey, blocks: bytes, start: bytes) -> bytes:
    """Return the CBC-MAC of padded blocks."""
    return chained(key, False, blocks, start)


def algorithm_3(key: SecretKey, blocks: bytes, start: bytes) -> bytes:
    """Return the retail MAC (ANSI X9.19): single DES, and TDES for the last block."""
    _check_retail(key)
    if not blocks or len(blocks) % 8:
        raise Refused(Code.DATA_LENGTH)
    state = chained(key, True, blocks[:-8], start) if len(blocks) > 8 else start
    return key.encrypt((int.from_bytes(state) ^ int.from_bytes(blocks[-8:])).to_bytes(8))


def ansi(key: SecretKey, message: bytes) -> bytes:
    """Return the MAC of ANSI X9.19, under a key of single length that of X9.9; zeros pad."""
    blocks = padded(message, b"1", 8)
    is_single = key.algorithm == TDES and len(key.clear) == 8
    return (algorithm_1 if is_single else algorithm_3)(key, blocks, bytes(8))


def last_cmac(key: SecretKey, message: bytes, start: bytes) -> bytes:
    """Return the CMAC of a message whose last part this is, from the chaining value before it.

    The block that enciphers to that value stands for what came before.
    """
    if not message:
        raise Refused(Code.DATA_LENGTH)
    return key.cmac(key.decrypt(start) + message)


def _check_retail(key: SecretKey) -> None:
    if key.algorithm != TDES:
        raise Refused(Code.KEY_ALGORITHM)
    if len(key.clear) != 16:
        raise Refused(Code.KEY_LENGTH)
