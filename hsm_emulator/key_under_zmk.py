"""Keys on their way between two devices, under the ZMK that both hold, or under a terminal's TMK.

Either in a key block, Thales' (S) or TR-31's (R), or in a variant scheme: bare, so that nothing
but the receiver's word says what it is for.
"""
from dataclasses import dataclass, replace
from typing import Final

from hsm_emulator import key_block, tr31
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.key_types import DERIVED_USAGE
from hsm_emulator.key_usages import standard_usage
from hsm_emulator.lmk import check_strength
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import (
    AES_,
    HMAC,
    TDES,
    SecretKey,
    has_odd_parity,
    key_of,
    with_odd_parity,
)
from hsm_emulator.variant_scheme import KEY_BYTES, Wrapping

BLOCK_SCHEMES: Final = (b"S", b"R")
_BARE_SCHEMES: Final = (b"U", b"T", b"X", b"Y", b"Z", b"0")
_EXPORTABILITY: Final = "NSE"  # from never to whenever


@dataclass(frozen=True, slots=True)
class Transport:
    """The key that others travel under, and how the request wants it used."""

    key: SecretKey
    rules: Rules = STRICT
    atalla: bytes = b""  # variant number, for bare keys only
    exportability: str = ""  # of what is sent; empty: as the key has it
    version: str = ""  # of the TR-31 block; empty: the recommended one


@dataclass(frozen=True, slots=True)
class Received:
    """A key that came in, and whether its parity was odd as sent."""

    key: SecretKey
    attributes: Attributes | None
    odd: bool


def key_to_zmk(
    key: SecretKey, under: Transport, scheme: bytes, attributes: Attributes | None
) -> bytes:
    """Return the cryptogram to send: a block where `attributes` are given, else bare.

    A key leaves a key block only for another, unless it is of exportability S and the rules let
    bare keys travel. Its exportability may be lowered on the way, never raised.
    """
    _check_protection(key, under)
    if scheme in BLOCK_SCHEMES:
        if attributes is None or under.atalla:
            raise Refused(Code.KEY_SCHEME)
        return _block(key, under, scheme, _lowered(attributes, under.exportability))
    if scheme not in _BARE_SCHEMES or under.exportability or under.version:
        raise Refused(Code.KEY_SCHEME)
    if key.algorithm != TDES or under.key.algorithm != TDES:
        raise Refused(Code.KEY_SCHEME)
    if attributes is not None:
        if not under.rules.bare_keys:
            raise Refused(Code.KEY_SCHEME)
        if attributes.exportability != "S":
            raise Refused(Code.EXPORTABILITY)
    scheme = b"Z" if scheme == b"0" else scheme
    enciphered = Wrapping(_bare_base(under), scheme).enciphered(key.clear)
    return (b"" if scheme == b"Z" else scheme) + in_hexadecimal(enciphered)


def key_from_zmk(cryptogram: bytes, under: Transport) -> Received:
    """Return the key received; TDES keys of even parity are adjusted, unless the rules take any."""
    tag = cryptogram[:1]
    attributes: Attributes | None = None
    if tag in BLOCK_SCHEMES:
        if under.atalla:
            raise Refused(Code.KEY_SCHEME)
        clear, attributes = _unwrapped(cryptogram, under.key)
    elif under.key.algorithm != TDES:
        raise Refused(Code.KEY_SCHEME)
    else:
        scheme = tag if tag in KEY_BYTES else b""
        enciphered = from_hexadecimal(cryptogram[len(scheme) :])
        clear = Wrapping(_bare_base(under), scheme).deciphered(enciphered)
    if not any(clear):
        raise Refused(Code.TARGET_PARITY)
    key, odd = key_of(clear, TDES if attributes is None else attributes.algorithm), True
    if attributes is not None and not tr31.check_values_agree(attributes, key, under.key):
        raise Refused(Code.KEY_BLOCK_CHECK_VALUE)
    derived = attributes is not None and attributes.usage == DERIVED_USAGE
    rules = under.rules.of_derived_keys() if derived else under.rules
    if key.algorithm == TDES and not rules.any_parity:
        odd = has_odd_parity(clear)
        key = SecretKey(with_odd_parity(clear))
    check_strength(key, Code.TARGET_PARITY, rules)
    _check_protection(key, under)
    return Received(key, attributes, odd)


def _unwrapped(cryptogram: bytes, zmk: SecretKey) -> tuple[bytes, Attributes]:
    if cryptogram[:1] == b"R":
        return tr31.unwrapped(zmk, cryptogram)
    if cryptogram[15:17] != key_block.UNDER_ZMK.encode("ascii"):
        raise Refused(Code.KEY_BLOCK_LMK_ID)
    return key_block.unwrapped(BlockKeys(zmk), cryptogram)


def _block(key: SecretKey, under: Transport, scheme: bytes, attributes: Attributes) -> bytes:
    if scheme == b"R":
        sent = replace(
            attributes,
            usage=standard_usage(attributes.usage),
            optional=tuple(block for block in attributes.optional if block.identifier.isalpha()),
        )
        version = under.version or tr31.default_version(under.key)
        return tr31.wrapped(under.key, key.clear, sent, version)
    keys = BlockKeys(under.key)
    if under.version not in ("", keys.version):
        raise Refused(Code.KEY_BLOCK_VERSION)
    return key_block.wrapped(keys, key.clear, attributes.under(key_block.UNDER_ZMK))


def _lowered(attributes: Attributes, exportability: str) -> Attributes:
    if not exportability:
        return attributes
    sent = replace(attributes, exportability=exportability)
    key_block.check_attributes(sent)
    if _EXPORTABILITY.index(exportability) > _EXPORTABILITY.index(attributes.exportability):
        raise Refused(Code.EXPORTABILITY)
    return sent


def _bare_base(under: Transport) -> bytes:
    """Return the TDES key that a bare key is under: an Atalla variant changes it.

    The variant, times eight, goes exclusive-or into the first byte of each 8-byte part (told in
    public forums; a device by another maker agreed for variants 1 to 3).
    """
    clear = under.key.clear
    variant = int(under.atalla or b"0")
    if variant > 31:
        raise Refused(Code.INPUT)
    return b"".join(
        bytes([clear[at] ^ 8 * variant]) + clear[at + 1 : at + 8] for at in range(0, len(clear), 8)
    )


def _check_protection(key: SecretKey, under: Transport) -> None:
    """Refuse a key stronger than the one over it."""
    if under.rules.weak_key_encryption:
        return
    if under.key.algorithm == TDES and key.algorithm in (AES_, HMAC):
        raise Refused(Code.KEY_ALGORITHM)
    comparable = key.algorithm != TDES or under.key.algorithm == TDES
    if comparable and len(key.clear) > len(under.key.clear):
        raise Refused(Code.KEY_LENGTH)
