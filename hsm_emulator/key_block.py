"""Thales key blocks, versions 0 (under TDES) and 1 (under AES): a key with what it may be used for.

The header stands in clear and is bound to the key by a MAC, which is checked before anything
else is believed. Two keys are derived from the protecting one, to encipher and to authenticate.
"""
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Final

from hsm_emulator import optional_blocks
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.optional_blocks import OptionalBlock
from hsm_emulator.secret_key import AES_, DES, HMAC, TDES, SecretKey

HEADER_CHARACTERS: Final = 16
UNDER_ZMK: Final = "FF"  # in place of an LMK identifier

_ALGORITHMS: Final = frozenset((TDES, AES_, DES, HMAC))
_MODES: Final = frozenset("BCDEGNSTVXY")
_EXPORTABILITIES: Final = frozenset("ENS")
_AES_KDF: Final = {16: (b"\x00\x02", 1), 24: (b"\x00\x03", 2), 32: (b"\x00\x04", 2)}
_LONGEST: Final = 9999


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a key block says about its key."""

    usage: str
    algorithm: str  # T TDES, A AES, D DES, H HMAC; R and others are not taken
    mode: str
    key_version: str = "00"
    exportability: str = "S"
    lmk_id: str = UNDER_ZMK
    optional: tuple[OptionalBlock, ...] = ()

    def under(self, lmk_id: str) -> "Attributes":
        """Return the same, for a block under another LMK or under a ZMK."""
        return replace(self, lmk_id=lmk_id)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A key block taken apart, nothing of it proved yet."""

    version: str
    header: bytes  # with the optional blocks
    attributes: Attributes
    body: bytes  # ciphertext and MAC


class BlockKeys:
    """The two keys derived from an LMK or a ZMK."""

    def __init__(self, under: SecretKey) -> None:
        """Derive them as TR-31 does: constants for TDES, a CMAC counter mode for AES."""
        self.version = "0" if under.algorithm == TDES else "1"
        if under.algorithm == TDES:
            self.enciphering = SecretKey(bytes(byte ^ 0x45 for byte in under.clear))
            self.authenticating = SecretKey(bytes(byte ^ 0x4D for byte in under.clear))
        else:
            self.enciphering = SecretKey(aes_derived(under, b"\x00\x00"), AES_)
            self.authenticating = SecretKey(aes_derived(under, b"\x00\x01"), AES_)
        self.block_bytes = under.block_bytes
        self.mac_bytes = under.block_bytes // 2

    def mac(self, data: bytes) -> bytes:
        """Return the authenticator of header and ciphertext."""
        if self.version == "0":
            return self.authenticating.encrypt_cbc(data, bytes(8))[-8:-4]
        return self.authenticating.cmac(data)[:8]


def wrapped(keys: BlockKeys, clear: bytes, attributes: Attributes) -> bytes:
    """Return the key block of a clear key, from its tag S on."""
    content = content_of(clear, len(clear), keys.block_bytes)
    header = header_of(
        keys.version, attributes, 2 * (len(content) + keys.mac_bytes), keys.block_bytes
    )
    enciphered = keys.enciphering.encrypt_cbc(content, header[: keys.block_bytes])
    mac = keys.mac(header + enciphered)
    return b"S" + header + (enciphered + mac).hex().upper().encode("ascii")


def unwrapped(keys: BlockKeys, block: bytes) -> tuple[bytes, Attributes]:
    """Return the clear key and its attributes, after the MAC has proved both."""
    found = parsed(block)
    if found.version not in "01":
        raise Refused(Code.KEY_BLOCK_VERSION)
    if found.version != keys.version:
        raise Refused(Code.LMK_SCHEME)
    enciphered, mac = found.body[: -keys.mac_bytes], found.body[-keys.mac_bytes :]
    if not enciphered or len(enciphered) % keys.block_bytes:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if len(found.header) % keys.block_bytes:
        raise Refused(Code.OPTIONAL_BLOCKS)
    if not hmac.compare_digest(keys.mac(found.header + enciphered), mac):
        raise Refused(Code.KEY_BLOCK_MAC)
    content = keys.enciphering.decrypt_cbc(enciphered, found.header[: keys.block_bytes])
    check_attributes(found.attributes)
    return key_within(content), found.attributes


def parsed(block: bytes) -> Parsed:
    """Take a block apart, from its tag on; refuse one whose lengths do not fit."""
    text = block[1:].decode("latin-1")
    if len(text) < HEADER_CHARACTERS or not text.isascii():
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if not (text[1:5].isdecimal() and int(text[1:5]) == len(text)):
        raise Refused(Code.KEY_BLOCK_LENGTH)
    if not text[12:14].isdecimal():
        raise Refused(Code.OPTIONAL_BLOCKS)
    optional, end = optional_blocks.read(text, int(text[12:14]), HEADER_CHARACTERS)
    attributes = Attributes(
        text[5:7], text[7], text[8], text[9:11], text[11], text[14:16], optional
    )
    try:
        body = from_hexadecimal(block[1 + end :])
    except Refused:
        raise Refused(Code.OPTIONAL_BLOCKS if optional else Code.INPUT) from None
    return Parsed(text[0], block[1 : 1 + end], attributes, body)


def header_of(version: str, attributes: Attributes, body: int, multiple: int) -> bytes:
    """Return the header of a block whose ciphertext and MAC take `body` characters."""
    count, optional = optional_blocks.written(attributes.optional, multiple)
    length = HEADER_CHARACTERS + len(optional) + body
    if length > _LONGEST:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    return (
        f"{version}{length:04d}{attributes.usage}{attributes.algorithm}{attributes.mode}"
        f"{attributes.key_version}{attributes.exportability}{count:02d}{attributes.lmk_id}{optional}"
    ).encode("ascii")


def content_of(clear: bytes, at_least: int, multiple: int) -> bytes:
    """Return what is enciphered: length in bits, key, random bytes as for a key `at_least` long."""
    filled = 2 + max(len(clear), at_least)
    padding = filled + -filled % multiple - 2 - len(clear)
    return (8 * len(clear)).to_bytes(2) + clear + secrets.token_bytes(padding)


def key_within(content: bytes) -> bytes:
    """Return the key within what was enciphered."""
    bits = int.from_bytes(content[:2])
    if not bits or bits % 8 or bits // 8 > len(content) - 2:
        raise Refused(Code.KEY_BLOCK_LENGTH)
    return content[2 : 2 + bits // 8]


def check_attributes(attributes: Attributes) -> None:
    """Refuse attributes that mean nothing here."""
    if attributes.algorithm not in _ALGORITHMS:
        raise Refused(Code.KEY_ALGORITHM)
    if attributes.mode not in _MODES:
        raise Refused(Code.MODE_OF_USE)
    if attributes.exportability not in _EXPORTABILITIES:
        raise Refused(Code.EXPORTABILITY)
    if not (attributes.usage.isalnum() and attributes.key_version.isalnum()):
        raise Refused(Code.KEY_USAGE)


def aes_derived(under: SecretKey, purpose: bytes) -> bytes:
    """Derive a key as long as the AES key `under`, as TR-31 version D does."""
    algorithm, rounds = _AES_KDF[len(under.clear)]
    bits = (8 * len(under.clear)).to_bytes(2)
    stream = b"".join(
        under.cmac(bytes([counter]) + purpose + b"\x00" + algorithm + bits)
        for counter in range(1, rounds + 1)
    )
    return stream[: len(under.clear)]
