"""The key that a PIN block is under: a zone's, a terminal's, or that of one DUKPT transaction."""
from hsm_emulator import dukpt_aes, dukpt_tdes
from hsm_emulator.errors import Code
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_types import (
    BDK_SOURCES,
    BDK_TARGETS,
    PIN_SOURCES,
    PIN_TARGET_ZPK,
    KeyRole,
    role_of,
)
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import ISO_4
from hsm_emulator.secret_key import AES_, SecretKey


def source_key(
    lmk: Lmk, role: KeyRole, key: bytes, flag: bytes, ksn: bytes, number: bytes
) -> SecretKey:
    """Return the key of a block that came in format `number`: `role` says whose, unless a BDK's."""
    if not flag:
        return lmk.key(key, role, Code.SOURCE_PARITY)
    bdk = lmk.key(key, BDK_SOURCES[flag], Code.SOURCE_PARITY)
    return terminal_pin_key(bdk, from_hexadecimal(ksn), number)


def target_key(lmk: Lmk, key: bytes, flag: bytes, ksn: bytes, number: bytes) -> SecretKey:
    """Return the key of a block that is made in format `number`, a ZPK or a terminal's."""
    if not flag:
        return lmk.key(key, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    bdk = lmk.key(key, BDK_TARGETS[flag], Code.TARGET_PARITY)
    return terminal_pin_key(bdk, from_hexadecimal(ksn), number)


def key_of_type(lmk: Lmk, key_type: bytes, key: bytes) -> SecretKey:
    """Return the ZPK or TPK that its key type names."""
    return lmk.key(key, role_of(PIN_SOURCES, key_type, lmk.rules), Code.SOURCE_PARITY)


def terminal_pin_key(bdk: SecretKey, ksn: bytes, number: bytes) -> SecretKey:
    """Return the PIN key of a terminal's transaction.

    An AES BDK gives an AES key as long as itself for format 48, and a double-length TDES key for
    the blocks of 8 bytes.
    """
    if bdk.algorithm != AES_:
        return dukpt_tdes.working_key(bdk, ksn, dukpt_tdes.Usage.PIN)
    algorithm = None if number == ISO_4 else dukpt_aes.Algorithm.TDES_2
    return dukpt_aes.working_key(bdk, ksn, dukpt_aes.Usage.PIN, algorithm)
