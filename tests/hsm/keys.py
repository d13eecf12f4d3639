"""Test keys and their cryptograms under the public test LMKs."""
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.key_block import Attributes
from hsm_emulator.pin_blocks import ISO_0, block_of
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.secret_key import AES_, TDES, SecretKey, with_odd_parity

K = "0123456789ABCDEFFEDCBA9876543210"
Z = "13131313131313132525252525252525"
ACCOUNT = "233445566778"  # of the PAN 1122334455667788
TPK, ZPK, ZPK_2 = under_lmk("002", K), under_lmk("001", Z), under_lmk("001", K)
PVK, CVK, ZMK = under_lmk("002", K), under_lmk("402", K), under_lmk("000", Z)
DEK, TAK = under_lmk("00B", K), under_lmk("003", K)


def odd(key_hex: str) -> str:
    """Return the same TDES key with odd parity; ciphers ignore those bits."""
    return with_odd_parity(bytes.fromhex(key_hex)).hex().upper()


def block(pin: str, key_hex: str, account: str = ACCOUNT, number: bytes = ISO_0) -> str:
    """Return a PIN block under a clear TDES key."""
    clear = block_of(pin, number, account.encode())
    return SecretKey(bytes.fromhex(key_hex)).encrypt(clear).hex().upper()


def key_block(
    key_hex: str, usage: str, algorithm: str = TDES, mode: str = "N", lmk: str = "01",
    exportability: str = "E",
) -> str:  # fmt: skip
    """Return a key block under LMK 01 (TDES) or 02 (AES)."""
    attributes = Attributes(usage, algorithm, mode, "00", exportability)
    key = SecretKey(bytes.fromhex(key_hex), algorithm)
    return by_identifier()[lmk.encode()].wrapped(key, b"FFF", b"S", attributes).decode()


def aes_block(key_hex: str, usage: str, mode: str = "N") -> str:
    """Return a key block of an AES key under LMK 02."""
    return key_block(key_hex, usage, AES_, mode, "02")
