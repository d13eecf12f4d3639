"""Thales key blocks, versions 0 (under TDES) and 1 (under AES): a key with what it may be used for.

The header stands in clear and is bound to the key by a MAC, which is checked before anything
else is believed. Two keys are derived from the protecting one, to encipher and to authenticate.
"""
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.secret_key import AES_, TDES, SecretKey

HEADER_CHARACTERS: Final = 16
UNDER_ZMK: Final = "FF"  # in place of an LMK identifier

_MODES: Final = frozenset("BCDEGNSTVXY")
_EXPORTABILITIES: Final = frozenset("ENS")
_AES_KDF: Final = {16: (b"\x00\x02", 1), 24: (b"\x00\x03", 2), 32: (b"\x00\x04", 2)}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a key block says about its key."""

    usage: str
    algorithm: str  # T, A; D, R and H are read but not computed with
    mode: str
    key_version: str = "00"
    exportability: str = "S"
    lmk_id: str = UNDER_ZMK

    def under(self, lmk_id: str) -> "Attributes":
        """Return the same, for a block under another LMK or under a ZMK."""
        return replace(self, lmk_id=lmk_id)


class BlockKeys:
    """The two keys derived from an LMK or a ZMK."""

    def __init__(self, under: SecretKey) -> None:
        """Derive them as TR-31 does: constants for TDES, a CMAC counter mode for AES."""
        self.version = "0" if under.algorithm == TDES else "1"
        if under.algorithm == TDES:
            self.enciphering = SecretKey(bytes(byte ^ 0x45 for byte in under.clear))
            self.authenticating = SecretKey(bytes(byte ^ 0x4D for byte in under.clear))
        else:
            self.enciphering = SecretKey(_derived(under, b"\x00\x00"), AES_)
            self.authenticating = SecretKey(_derived(under, b"\x00\x01"), AES_)
        self.block_bytes = under.block_bytes
        self.mac_bytes = under.block_bytes // 2

    def mac(self, data: bytes) -> bytes:
        """Return the authenticator of header and ciphertext."""
        if self.version == "0":
            return self.authenticating.encrypt_cbc(data, bytes(8))[-8:-4]
        return self.authenticating.cmac(data)[:8]


def wrapped(keys: BlockKeys, clear: bytes, attributes: Attributes) -> bytes:
    """Return the key block of a clear key, from its tag S on."""
    padding = -(2 + len(clear)) % keys.block_bytes
    content = (8 * len(clear)).to_bytes(2) + clear + secrets.token_bytes(padding)
    length = HEADER_CHARACTERS + 2 * len(content) + 2 * keys.mac_bytes
    header = (
        f"{keys.version}{length:04d}{attributes.usage}{attributes.algorithm}{attributes.mode}"
        f"{attributes.key_version}{attributes.exportability}00{attributes.lmk_id}"
    ).encode("ascii")
    enciphered = keys.enciphering.encrypt_cbc(content, header[: keys.block_bytes])
    mac = keys.mac(header + enciphered)
    return b"S" + header + (enciphered + mac).hex().upper().encode("ascii")


def unwrapped(keys: BlockKeys, block: bytes) -> tuple[bytes, Attributes]:
    """Return the clear key and its attributes, after the MAC has proved both."""
    header, text = block[1 : 1 + HEADER_CHARACTERS], block[1 + HEADER_CHARACTERS :]
    attributes = attributes_of(header)
    if chr(header[0]) != keys.version:
        raise Refused(Code.LMK_SCHEME)
    if int(header[1:5]) != len(block) - 1:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    body = from_hexadecimal(text)
    enciphered, mac = body[: -keys.mac_bytes], body[-keys.mac_bytes :]
    if not enciphered or len(enciphered) % keys.block_bytes:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if not hmac.compare_digest(keys.mac(header + enciphered), mac):
        raise Refused(Code.KEY_BLOCK_MAC)
    content = keys.enciphering.decrypt_cbc(enciphered, header[: keys.block_bytes])
    bits = int.from_bytes(content[:2])
    if bits % 8 or bits // 8 > len(content) - 2:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    return content[2 : 2 + bits // 8], attributes


def attributes_of(header: bytes) -> Attributes:
    """Read the sixteen characters of a header."""
    text = header.decode("latin-1")
    if len(text) != HEADER_CHARACTERS or not header[1:5].isdigit() or not text.isascii():
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if text[0] not in "01":
        raise Refused(Code.KEY_BLOCK_VERSION)
    if text[12:14] != "00":
        raise Refused(Code.OPTIONAL_BLOCKS)
    found = Attributes(text[5:7], text[7], text[8], text[9:11], text[11], text[14:16])
    check_attributes(found)
    return found


def check_attributes(attributes: Attributes) -> None:
    """Refuse attributes that mean nothing here."""
    if attributes.algorithm not in (TDES, AES_):
        raise Refused(Code.KEY_ALGORITHM)
    if attributes.mode not in _MODES:
        raise Refused(Code.MODE_OF_USE)
    if attributes.exportability not in _EXPORTABILITIES:
        raise Refused(Code.EXPORTABILITY)
    if not (attributes.usage.isalnum() and attributes.key_version.isalnum()):
        raise Refused(Code.KEY_USAGE)


def _derived(under: SecretKey, purpose: bytes) -> bytes:
    """Derive a key as long as `under`, as TR-31 version D does."""
    algorithm, rounds = _AES_KDF[len(under.clear)]
    bits = (8 * len(under.clear)).to_bytes(2)
    stream = b"".join(
        under.cmac(bytes([counter]) + purpose + b"\x00" + algorithm + bits)
        for counter in range(1, rounds + 1)
    )
    return stream[: len(under.clear)]
