"""LMKs: the public test ones, or one's own, made of shares that several people hold."""
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from hsm_emulator import public_lmks
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
