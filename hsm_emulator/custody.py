"""Where LMKs come from: the public test ones, or a folder that keeps own ones under a passphrase.

The folder's one file is JSON: the parameters of Argon2id (RFC 9106), a salt, a nonce, and the LMKs
under AES-256-GCM, bound to those parameters. Who has file and passphrase has the LMKs: this is
custody for a laboratory, without a tamper boundary.
"""
import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from hsm_emulator import operators, public_lmks
from hsm_emulator.key_block_lmk import KeyBlockLmk
from hsm_emulator.lmk import Lmk
from hsm_emulator.rules import Rules
from hsm_emulator.secret_key import AES_, SecretKey, halves_repeat, is_weak, with_odd_parity
from hsm_emulator.variant_lmk import VariantLmk

Kind = Literal["variant", "tdes", "aes"]
KEY_BYTES: Final[dict[Kind, int]] = {"variant": 320, "tdes": 24, "aes": 32}
IN_WORDS: Final[dict[Kind, str]] = {
    "variant": "variant", "tdes": "TDES key block", "aes": "AES key block"
}  # fmt: skip
FILE: Final = "lmks.sealed"
LMKS_MAX: Final = 20
PASSPHRASE_CHARACTERS_MIN: Final = 12
_MEMORY_KIB_MAX: Final = 1_048_576  # what a foreign file may ask of this machine
_ITERATIONS_MAX: Final = 64


class NoLmks(Exception):
    """The LMKs cannot be had; the text says why and what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class ClearLmk:
    """One LMK in the clear, for as long as it takes to make or to keep it."""

    identifier: str
    kind: Kind
    key: bytes

    def __repr__(self) -> str:
        """Name the LMK, never the key."""
        return f"<LMK {self.identifier}: {IN_WORDS[self.kind]}>"


@dataclass(frozen=True, slots=True)
class Lmks:
    """What a device is given: its LMKs, what kind each is, and whether everyone has them."""

    by_identifier: dict[bytes, Lmk]
    kinds: dict[str, Kind]
    are_test: bool


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


def public_test_lmks(rules: Rules) -> Lmks:
    """Return the three that everyone has."""
    kinds: dict[str, Kind] = {"00": "variant", "01": "tdes", "02": "aes"}
    return Lmks(public_lmks.by_identifier(rules), kinds, are_test=True)


def own_lmks(clear: Sequence[ClearLmk], rules: Rules) -> Lmks:
    """Return LMKs of one's own, ready for use."""
    made = {one.identifier.encode("ascii"): lmk_of(one, rules) for one in clear}
    return Lmks(made, {one.identifier: one.kind for one in clear}, are_test=False)


def lmk_of(clear: ClearLmk, rules: Rules) -> Lmk:
    """Make one LMK."""
    value = check_value(clear)
    if clear.kind == "variant":
        pairs = [clear.key[at : at + 16] for at in range(0, 320, 16)]
        return VariantLmk(pairs, value, rules)
    key = SecretKey(clear.key, AES_) if clear.kind == "aes" else SecretKey(clear.key)
    return KeyBlockLmk(clear.identifier, key, value, rules)


def check_value(clear: ClearLmk) -> bytes:
    """Return what NC says of it: six digits of its KCV and zeros (variant: of a SHA-256)."""
    if clear.kind == "variant":
        digits = sha256(b"noyau: check value of a variant LMK" + clear.key).hexdigest()
    else:
        key = SecretKey(clear.key, AES_) if clear.kind == "aes" else SecretKey(clear.key)
        digits = key.check_value().hex()
    return digits[:6].upper().ljust(16, "0").encode("ascii")


def combined(identifier: str, kind: Kind, shares: Sequence[bytes]) -> ClearLmk:
    """Return the exclusive or of the shares as an LMK, with odd parity where it is DES.

    Raises `NoLmks` for shares of the wrong length and for a key that is none.
    """
    if len(identifier) != 2 or not (identifier.isascii() and identifier.isdigit()):
        raise NoLmks(f"an LMK identifier has two digits, not {identifier!r}")
    if len(shares) < 2:
        raise NoLmks("an LMK is made of two shares or more: nobody alone may know it")
    if any(len(share) != KEY_BYTES[kind] for share in shares):
        raise NoLmks(f"a share of an LMK of kind {kind} has {2 * KEY_BYTES[kind]} digits")
    total = 0
    for share in shares:
        total ^= int.from_bytes(share)
    key = total.to_bytes(KEY_BYTES[kind])
    if kind != "aes":
        key = with_odd_parity(key)
    parts = [key[at : at + 16] for at in range(0, 320, 16)] if kind == "variant" else [key]
    if not any(key) or (
        kind != "aes" and any(is_weak(part) or halves_repeat(part) for part in parts)
    ):
        raise NoLmks("the shares make a weak key: is one of them given twice?")
    return ClearLmk(identifier, kind, key)


def sealed_lmks(folder: Path) -> bool:
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
