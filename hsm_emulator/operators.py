"""The people who may change the device's state: two of them at a time, each with a password.

With the public test LMKs, which protect nothing, and no operators configured, any two names do.
"""
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

from hsm_emulator.pin_failures import PinFailureLimits, PinFailures

SALT_BYTES: Final = 16
MEMORY_KIB: Final = 65_536
ITERATIONS: Final = 3
LANES: Final = 4
PASSWORD_CHARACTERS_MIN: Final = 8
PASSWORD_BYTES_MAX: Final = 256
_WRONG_PER_MINUTE: Final = 5
_WRONG_PER_DAY: Final = 50

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9._-]{0,31}$")]


class NotProved(Exception):
    """These are not two operators; the text says why, and no password."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One [[operator]] of hsm.toml; the password's hash is made by `noyau hsm operator`."""

    name: Name
    password_hash: Annotated[str, Meta(pattern="^[0-9a-f]{32}:[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Proof:
    """A name, and the password that goes with it."""

    name: str
    password: str = ""

    def __repr__(self) -> str:
        """Name the operator only."""
        return f"<proof of {self.name}>"


class Operators:
    """Who they are, and how often a password was wrong."""

    def __init__(
        self,
        operators: Sequence[Operator],
        names_suffice: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names_suffice`: without operators, two names are enough."""
        self._hashes = {operator.name: operator.password_hash for operator in operators}
        self._names_suffice = names_suffice
        self._wrong = PinFailures(PinFailureLimits(_WRONG_PER_MINUTE, 0, _WRONG_PER_DAY), clock)

    @property
    def have_passwords(self) -> bool:
        """Say whether proofs need passwords."""
        return bool(self._hashes)

    def proved(self, proofs: Sequence[Proof]) -> tuple[str, str]:
        """Return the names of the two operators; takes a tenth of a second for each password."""
        if len(proofs) != 2 or proofs[0].name == proofs[1].name:
            raise NotProved("two different operators are needed")
        if not self._hashes:
            if not self._names_suffice:
                raise NotProved("hsm.toml has no [[operator]]; see noyau hsm operator")
            if not all(0 < len(proof.name) <= 32 and proof.name.isprintable() for proof in proofs):
                raise NotProved("an operator's name has 1 to 32 characters")
            return proofs[0].name, proofs[1].name
        if self._wrong.are_over():
            raise NotProved("too many wrong passwords; wait a minute, or a day after many")
        are_right = [self._is_right(proof) for proof in proofs]
        if not all(are_right):
            self._wrong.count()
            raise NotProved("name or password of an operator is wrong")
        return proofs[0].name, proofs[1].name

    def _is_right(self, proof: Proof) -> bool:
        known = self._hashes.get(proof.name, "00" * SALT_BYTES + ":" + "00" * 32)
        salt, _, expected = known.partition(":")
        made = derived(proof.password, bytes.fromhex(salt)).hex()
        return hmac.compare_digest(made, expected) and proof.name in self._hashes


def password_hash(password: str) -> str:
    """Return what hsm.toml keeps of a password: salt and Argon2id hash."""
    salt = secrets.token_bytes(SALT_BYTES)
    return f"{salt.hex()}:{derived(password, salt).hex()}"


def derived(password: str, salt: bytes) -> bytes:
    """Return 32 bytes of Argon2id (RFC 9106): 64 MiB, 3 passes, 4 lanes."""
    kdf = Argon2id(
        salt=salt, length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return kdf.derive(password.encode("utf-8")[:PASSWORD_BYTES_MAX])
