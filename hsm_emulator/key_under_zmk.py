"""Keys on their way between two devices, under the ZMK that both hold."""
from dataclasses import replace
from typing import Final

from hsm_emulator import key_block, variant_scheme
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.lmk import check_strength
from hsm_emulator.secret_key import AES_, TDES, SecretKey, has_odd_parity, with_odd_parity

_SCHEMES: Final = (b"U", b"T", b"X", b"Y")
_EXPORTABILITY: Final = "NSE"  # from never to whenever


def key_to_zmk(
    key: SecretKey, zmk: SecretKey, scheme: bytes, attributes: Attributes | None, modifier: str = ""
) -> bytes:
    """Return the cryptogram to send; `modifier` may lower the exportability in a key block.

    A key leaves a key block only for another: outside it would lose what it is for.
    """
    _check_protection(key, zmk)
    if attributes is not None:
        if scheme != b"S":
            raise Refused(Code.KEY_SCHEME)
        sent = attributes.under(key_block.UNDER_ZMK)
        if modifier:
            sent = replace(sent, exportability=modifier)
            key_block.check_attributes(sent)
            if _EXPORTABILITY.index(modifier) > _EXPORTABILITY.index(attributes.exportability):
                raise Refused(Code.EXPORTABILITY)
        return key_block.wrapped(BlockKeys(zmk), key.clear, sent)
    if scheme not in _SCHEMES:
        raise Refused(Code.KEY_SCHEME)
    return scheme + in_hexadecimal(variant_scheme.enciphered(key.clear, zmk.clear, scheme))


def key_from_zmk(cryptogram: bytes, zmk: SecretKey) -> tuple[SecretKey, Attributes | None, bool]:
    """Return the key received, its attributes, and whether its parity was odd as sent."""
    tag = cryptogram[:1]
    attributes: Attributes | None = None
    if tag == b"S":
        if cryptogram[15:17] != key_block.UNDER_ZMK.encode("ascii"):
            raise Refused(Code.KEY_BLOCK_LMK_ID)
        clear, attributes = key_block.unwrapped(BlockKeys(zmk), cryptogram)
    elif tag == b"R" or zmk.algorithm == AES_:
        raise Refused(Code.KEY_SCHEME)
    else:
        scheme = tag if tag in variant_scheme.KEY_BYTES else b""
        enciphered = from_hexadecimal(cryptogram[len(scheme) :])
        clear = variant_scheme.deciphered(enciphered, zmk.clear, scheme)
    if attributes is not None and attributes.algorithm == AES_:
        if len(clear) not in (16, 24, 32):
            raise Refused(Code.KEY_LENGTH)
        key, odd = SecretKey(clear, AES_), True
    else:
        if len(clear) not in (16, 24):
            raise Refused(Code.KEY_LENGTH)
        if not any(clear):
            raise Refused(Code.TARGET_PARITY)
        key, odd = SecretKey(with_odd_parity(clear)), has_odd_parity(clear)
    check_strength(key, Code.TARGET_PARITY)
    _check_protection(key, zmk)
    return key, attributes, odd


def _check_protection(key: SecretKey, zmk: SecretKey) -> None:
    """Refuse a key stronger than the ZMK over it."""
    if key.algorithm == AES_:
        if zmk.algorithm == TDES:
            raise Refused(Code.KEY_ALGORITHM)
        if len(key.clear) > len(zmk.clear):
            raise Refused(Code.KEY_LENGTH)
    elif zmk.algorithm == TDES and len(key.clear) > len(zmk.clear):
        raise Refused(Code.KEY_LENGTH)
