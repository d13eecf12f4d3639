"""TR-31 key blocks (ANSI X9.143), versions A, B, C under TDES and D under AES, both ways.

A and C change the protecting key by constants and authenticate the ciphertext; B and D derive two
keys by CMAC, authenticate header and clear content, and use that MAC as the initial vector. So in
all of them nothing is believed before the MAC: of B and D the content is deciphered first, but
looked at only after.
"""
import hmac
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_block import (
    Attributes,
    Parsed,
    aes_derived,
    check_attributes,
    content_of,
    header_of,
    key_within,
    parsed,
)
from hsm_emulator.secret_key import AES_, DES, HMAC, TDES, SecretKey

VERSIONS: Final = "ABCD"
_VARIANT: Final = "AC"
_RESERVED: Final = "00"
_MAC_BYTES: Final = {"A": 4, "B": 8, "C": 4, "D": 16}
_LONGEST_KEY: Final = {TDES: 24, DES: 24, AES_: 32}  # what padding makes all keys look like
_CHECK_METHODS: Final = ("00", "01")
_SHORTEST_CHECK_VALUE: Final = 4
_TDES_KDF: Final = {16: b"\x00\x00", 24: b"\x00\x01"}


def default_version(kbpk: SecretKey) -> str:
    """Return the version that the standard recommends for this protecting key."""
    return "D" if kbpk.algorithm == AES_ else "B"


def wrapped(kbpk: SecretKey, clear: bytes, attributes: Attributes, version: str) -> bytes:
    """Return the key block of a clear key, after the tag R; its length is hidden by padding."""
    enciphering, authenticating = _keys(kbpk, version)
    content = content_of(clear, _LONGEST_KEY.get(attributes.algorithm, 0), kbpk.block_bytes)
    mac_bytes = _MAC_BYTES[version]
    header = header_of(
        version, attributes.under(_RESERVED), 2 * (len(content) + mac_bytes), kbpk.block_bytes
    )
    if version in _VARIANT:
        enciphered = enciphering.encrypt_cbc(content, header[:8])
        mac = _cbc_mac(authenticating, header + enciphered)
    else:
        mac = authenticating.cmac(header + content)
        enciphered = enciphering.encrypt_cbc(content, mac)
    return b"R" + header + (enciphered + mac).hex().upper().encode("ascii")


def unwrapped(kbpk: SecretKey, block: bytes) -> tuple[bytes, Attributes]:
    """Return the clear key and its attributes, after the MAC has proved both."""
    found = parsed(block)
    if found.version not in VERSIONS:
        raise Refused(Code.KEY_BLOCK_VERSION)
    content = _content(kbpk, found)
    check_attributes(found.attributes)
    return key_within(content), found.attributes


def check_values_agree(attributes: Attributes, key: SecretKey, kbpk: SecretKey) -> bool:
    """Say whether the check values that a header may carry are those of its keys.

    KC is of the key, KP of the one over it: two digits of method (00 a zero block enciphered, 01
    the CMAC of one), then the digits. Senders differ in the method they mean by 00 for AES keys, so
    either will do. Those of HMAC keys, and methods that are none, are not judged.
    """
    for block in attributes.optional:
        judged = {"KC": key, "KP": kbpk}.get(block.identifier)
        if judged is None or judged.algorithm == HMAC or block.text[:2] not in _CHECK_METHODS:
            continue
        zeros = bytes(judged.block_bytes)
        told = block.text[2:].upper()
        made = (judged.encrypt(zeros).hex().upper(), judged.cmac(zeros).hex().upper())
        if len(told) < _SHORTEST_CHECK_VALUE or not any(each.startswith(told) for each in made):
            return False
    return True


def _content(kbpk: SecretKey, found: Parsed) -> bytes:
    enciphering, authenticating = _keys(kbpk, found.version)
    mac_bytes = _MAC_BYTES[found.version]
    enciphered, mac = found.body[:-mac_bytes], found.body[-mac_bytes:]
    if not enciphered or len(enciphered) % kbpk.block_bytes:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if found.version in _VARIANT:
        if len(found.header) % 8:
            raise Refused(Code.OPTIONAL_BLOCKS)
        made = _cbc_mac(authenticating, found.header + enciphered)
        content = enciphering.decrypt_cbc(enciphered, found.header[:8])
    else:
        content = enciphering.decrypt_cbc(enciphered, mac)
        made = authenticating.cmac(found.header + content)
    if not hmac.compare_digest(made, mac):
        raise Refused(Code.KEY_BLOCK_MAC)
    return content


def _keys(kbpk: SecretKey, version: str) -> tuple[SecretKey, SecretKey]:
    """Return the enciphering and the authenticating key of this version."""
    if version not in VERSIONS or (version == "D") is not (kbpk.algorithm == AES_):
        raise Refused(Code.KEY_BLOCK_VERSION)
    if version == "D":
        enciphering, authenticating = (
            aes_derived(kbpk, purpose) for purpose in (b"\x00\x00", b"\x00\x01")
        )
    elif version == "B":
        enciphering, authenticating = (
            _tdes_derived(kbpk, purpose) for purpose in (b"\x00\x00", b"\x00\x01")
        )
    else:
        enciphering, authenticating = (
            bytes(byte ^ constant for byte in kbpk.clear) for constant in (0x45, 0x4D)
        )
    return SecretKey(enciphering, kbpk.algorithm), SecretKey(authenticating, kbpk.algorithm)


def _tdes_derived(kbpk: SecretKey, purpose: bytes) -> bytes:
    algorithm = _TDES_KDF.get(len(kbpk.clear))
    if algorithm is None:
        raise Refused(Code.KEY_LENGTH)
    bits = (8 * len(kbpk.clear)).to_bytes(2)
    return b"".join(
        kbpk.cmac(bytes([counter]) + purpose + b"\x00" + algorithm + bits)
        for counter in range(1, len(kbpk.clear) // 8 + 1)
    )


def _cbc_mac(key: SecretKey, data: bytes) -> bytes:
    return key.encrypt_cbc(data, bytes(8))[-8:-4]
