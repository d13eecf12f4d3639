"""The folder that keeps LMKs of one's own under a passphrase.

Its one file is JSON: the parameters of Argon2id (RFC 9106), a salt, a nonce, and the LMKs under
AES-256-GCM, bound to those parameters. Who has file and passphrase has the LMKs: this is custody
for a laboratory, without a tamper boundary.
"""
import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from hsm_emulator import operators
from hsm_emulator.custody import ClearLmk, Kind, NoLmks

FILE: Final = "lmks.sealed"
LMKS_MAX: Final = 20
PASSPHRASE_CHARACTERS_MIN: Final = 12
_MEMORY_KIB_MAX: Final = 1_048_576  # what a foreign file may ask of this machine
_ITERATIONS_MAX: Final = 64


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    memory_kib: int
    iterations: int
    lanes: int
    salt: bytes
    nonce: bytes
    sealed: bytes


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identifier: str
    kind: Kind
    key: bytes


def exist(folder: Path) -> bool:
    """Say whether the folder keeps LMKs."""
    return (folder / FILE).is_file()


def unsealed(folder: Path, passphrase: str) -> list[ClearLmk]:
    """Return the LMKs that the folder keeps; `NoLmks` when it, or the passphrase, is wrong."""
    path = folder / FILE
    try:
        mode = path.stat().st_mode & 0o077
        text = path.read_bytes()
    except OSError as error:
        raise NoLmks(f"{path}: {error.strerror}; make it with noyau keys ceremony") from None
    if mode:
        raise NoLmks(f"{path}: others may read it; chmod 600 {path}")
    try:
        sealed = msgspec.json.decode(text, type=_Sealed)
        if sealed.version != 1 or not _may_be_asked(sealed):
            raise ValueError
        key = _passphrase_key(passphrase, sealed)
        clear = AESGCM(key).decrypt(sealed.nonce, sealed.sealed, _bound(sealed))
        kept = msgspec.json.decode(clear, type=list[_Kept])
    except InvalidTag:
        raise NoLmks(f"{path}: the passphrase is wrong, or the file was altered") from None
    except (msgspec.MsgspecError, ValueError):
        raise NoLmks(f"{path}: not a file of noyau keys ceremony") from None
    return [ClearLmk(one.identifier, one.kind, one.key) for one in kept]


def seal(folder: Path, lmks: Sequence[ClearLmk], passphrase: str) -> None:
    """Keep these LMKs in the folder, and no others, readable for this user only."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise NoLmks(f"a passphrase has {PASSPHRASE_CHARACTERS_MIN} characters or more")
    if len(lmks) > LMKS_MAX:
        raise NoLmks(f"a device has {LMKS_MAX} LMKs at most")
    empty = _Sealed(
        1, operators.MEMORY_KIB, operators.ITERATIONS, operators.LANES,
        secrets.token_bytes(operators.SALT_BYTES), secrets.token_bytes(12), b"",
    )  # fmt: skip
    clear = msgspec.json.encode([_Kept(one.identifier, one.kind, one.key) for one in lmks])
    key = _passphrase_key(passphrase, empty)
    sealed = AESGCM(key).encrypt(empty.nonce, clear, _bound(empty))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _replacing(folder / FILE) as file:
        os.write(file, msgspec.json.encode(msgspec.structs.replace(empty, sealed=sealed)) + b"\n")


def _may_be_asked(sealed: _Sealed) -> bool:
    return (
        8 * sealed.lanes <= sealed.memory_kib <= _MEMORY_KIB_MAX
        and 1 <= sealed.iterations <= _ITERATIONS_MAX
        and 1 <= sealed.lanes <= 16
        and len(sealed.salt) == operators.SALT_BYTES
        and len(sealed.nonce) == 12
    )


def _passphrase_key(passphrase: str, sealed: _Sealed) -> bytes:
    kdf = Argon2id(
        salt=sealed.salt, length=32, iterations=sealed.iterations, lanes=sealed.lanes,
        memory_cost=sealed.memory_kib,
    )  # fmt: skip
    return kdf.derive(passphrase.encode("utf-8"))


def _bound(sealed: _Sealed) -> bytes:
    """Return what the authentication covers besides the LMKs."""
    return msgspec.json.encode(msgspec.structs.replace(sealed, sealed=b""))


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[int]:
    """Give a new file that takes the path's place when it is whole and on the disk."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield file
        os.fsync(file)
    finally:
        os.close(file)
    beside.replace(path)
