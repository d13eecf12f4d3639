"""Keys in the clear, as a custodian has them: made into cryptograms and back, cut into components.

What a real device does at its console only. Nothing here prints or keeps a key.
"""
import secrets
from collections.abc import Sequence

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_block import Attributes, check_attributes
from hsm_emulator.key_types import KEY_BLOCK
from hsm_emulator.key_under_zmk import Transport, key_from_zmk, key_to_zmk
from hsm_emulator.lmk import Lmk, check_strength
from hsm_emulator.rules import Rules
from hsm_emulator.secret_key import AES_, TDES, SecretKey, with_odd_parity

_SCHEMES = {8: b"Z", 16: b"U", 24: b"T"}


def key_of_text(text: str, algorithm: str, rules: Rules) -> SecretKey:
    """Read the digits of a clear key, blanks apart; TDES keys must be as the rules want them."""
    clear = from_hexadecimal("".join(text.split()).encode("utf-8"))
    if len(clear) not in ((16, 24, 32) if algorithm == AES_ else (8, 16, 24)):
        raise Refused(Code.KEY_LENGTH)
    key = SecretKey(clear, AES_ if algorithm == AES_ else TDES)
    check_strength(key, Code.SOURCE_PARITY, rules)
    return key


def attributes_of_text(text: str) -> Attributes | None:
    """Read usage, algorithm, mode, version, exportability, as in a header: `P0TN00E`."""
    if not text:
        return None
    if len(text) != 7:
        raise Refused(Code.INPUT)
    attributes = Attributes(text[:2], text[2], text[3], text[4:6], text[6])
    check_attributes(attributes)
    return attributes


def under_lmk(lmk: Lmk, key: SecretKey, key_type: str, attributes: Attributes | None) -> str:
    """Return the cryptogram of a clear key under an LMK."""
    kind = KEY_BLOCK if attributes else key_type.encode("utf-8")
    scheme = b"S" if attributes else _SCHEMES[len(key.clear)]
    return lmk.wrapped(key, kind, scheme, attributes).decode("ascii")


def from_lmk(lmk: Lmk, cryptogram: str, key_type: str) -> tuple[SecretKey, Attributes | None]:
    """Return the clear key of a cryptogram under an LMK."""
    kind = key_type.encode("utf-8") if key_type else KEY_BLOCK
    return lmk.opened(cryptogram.encode("utf-8"), kind, Code.SOURCE_PARITY)


def under_key(
    key: SecretKey, zmk: SecretKey, form: str, attributes: Attributes | None, rules: Rules
) -> str:
    """Return the cryptogram under a clear ZMK or KBPK: `form` is U T X Y Z, S, or R with a version.

    `RB` is a TR-31 block of version B; `R` alone takes the recommended one.
    """
    transport = Transport(zmk, rules, version=form[1:] if form[:1] == "R" else "")
    scheme = form[:1].encode("utf-8")
    return key_to_zmk(key, transport, scheme, attributes).decode("ascii")


def from_key(
    cryptogram: str, zmk: SecretKey, rules: Rules
) -> tuple[SecretKey, Attributes | None]:
    """Return the clear key of a cryptogram under a clear ZMK or KBPK."""
    received = key_from_zmk(cryptogram.encode("utf-8"), Transport(zmk, rules))
    return received.key, received.attributes


def components_of(key: SecretKey, count: int) -> list[SecretKey]:
    """Cut a key into components whose exclusive or it is; all but one of them say nothing."""
    size = len(key.clear)
    parts = [secrets.token_bytes(size) for _ in range(count - 1)]
    if key.algorithm == TDES:
        parts = [with_odd_parity(part) for part in parts]
    last = int.from_bytes(key.clear)
    for part in parts:
        last ^= int.from_bytes(part)
    return [SecretKey(part, key.algorithm) for part in (*parts, last.to_bytes(size))]


def new_components(algorithm: str, size: int, count: int) -> list[SecretKey]:
    """Return random components; TDES ones have odd parity each."""
    parts = [secrets.token_bytes(size) for _ in range(count)]
    parts = parts if algorithm == AES_ else [with_odd_parity(part) for part in parts]
    return [SecretKey(part, algorithm) for part in parts]


def combined(components: Sequence[str], algorithm: str, rules: Rules) -> SecretKey:
    """Return the exclusive or of components; a TDES key gets odd parity."""
    parts = [from_hexadecimal("".join(text.split()).encode("utf-8")) for text in components]
    if not 2 <= len(parts) <= 9 or len({len(part) for part in parts}) != 1:
        raise Refused(Code.COMPONENTS)
    total = 0
    for part in parts:
        total ^= int.from_bytes(part)
    clear = total.to_bytes(len(parts[0]))
    if not total:
        raise Refused(Code.TARGET_PARITY)
    return key_of_text(
        clear.hex() if algorithm == AES_ else with_odd_parity(clear).hex(), algorithm, rules
    )


def check_value(key: SecretKey) -> str:
    """Return six digits of the KCV."""
    return key.check_value()[:3].hex().upper()
