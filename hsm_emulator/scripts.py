"""Scripts for chip cards: what of a command is enciphered, how, and the MAC over the whole.

VIS and M/Chip differ in the session keys, in the padding of what they encipher, and in the blocks
that bring a new PIN. A master key that enciphers may be the one that
authenticates: then both session keys come from it.
"""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hsm_emulator import emv, emv_keys
from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_types import (
    MK_AC,
    MK_SMC,
    MK_SMI,
    PIN_SOURCE_TPK,
    PIN_SOURCE_ZPK,
    PIN_SOURCES,
    TRANSPORT_KEY,
)
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_block_rules import check_for_card, check_same_card, received_pin
from hsm_emulator.pin_blocks import ISO_2, VIS, VIS_WITH_CURRENT, block_of
from hsm_emulator.secret_key import SecretKey

MAC_ALONE: Final = b"0"
NEW_PIN: Final = b"34"
_BY_ITS_BLOCK: Final = b"F"
_PIN_KEYS: Final = {b"0": PIN_SOURCE_ZPK, b"1": PIN_SOURCE_TPK, _BY_ITS_BLOCK: PIN_SOURCES[0]}
_VIS_CONTENT_MAX: Final = 255  # its length is one byte
_LONGEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a kind of card has its scripts protected."""

    session_key: Callable[[SecretKey, bytes], SecretKey]
    enciphered: Callable[[SecretKey, bytes], bytes]
    content_max: int
    pin_formats: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Script:
    """A command to the card and what is to be done to it; parts that a mode lacks are empty."""

    mode: bytes
    mk_smi: bytes
    card: bytes
    integrity_data: bytes
    command: bytes
    mk_smc: bytes
    transport: bytes
    confidentiality_data: bytes
    place: bytes
    secret: bytes
    kind: bytes
    pin_key: bytes
    source_format: bytes
    target_format: bytes
    account: bytes
    mk_ac: bytes


def secured(lmk: Lmk, scheme: Scheme, script: Script) -> bytes:
    """Return the MAC and, in every mode but the first, length and bytes of what was enciphered."""
    integrity = emv_keys.card_key(
        lmk.key(script.mk_smi, MK_SMI, Code.SOURCE_PARITY), script.card
    )
    mac_key = scheme.session_key(integrity, script.integrity_data)
    if script.mode == MAC_ALONE:
        return emv.script_mac(mac_key, script.command)
    confidentiality = integrity
    if script.mk_smc:
        master = lmk.key(script.mk_smc, MK_SMC, Code.TARGET_PARITY)
        confidentiality = emv_keys.card_key(master, script.card)
    key = scheme.session_key(confidentiality, script.confidentiality_data)
    place = int(script.place, 16)
    if place > len(script.command):
        raise Refused(Code.INPUT)
    if script.mode in NEW_PIN:
        content = _new_pin(lmk, scheme, script)
    else:
        content = _host_data(lmk, scheme, script)
    enciphered = scheme.enciphered(key, content)
    whole = script.command[:place] + enciphered + script.command[place:]
    return emv.script_mac(mac_key, whole) + b"%04X" % len(enciphered) + enciphered


def _host_data(lmk: Lmk, scheme: Scheme, script: Script) -> bytes:
    """Return what the host has enciphered for the card."""
    key = lmk.key(script.transport, TRANSPORT_KEY, Code.TARGET_PARITY)
    length = len(script.secret)
    if length % key.block_bytes or length > scheme.content_max:
        raise Refused(Code.DATA_LENGTH)
    return key.decrypt(script.secret)


def _new_pin(lmk: Lmk, scheme: Scheme, script: Script) -> bytes:
    """Return the new PIN in the clear block that the card takes."""
    if script.kind == _BY_ITS_BLOCK and script.pin_key[:1] != b"S":
        raise Refused(Code.KEY_TYPE)
    key = lmk.key(script.pin_key, _PIN_KEYS[script.kind], Code.TARGET_PARITY)
    number = script.target_format
    check_for_card(number, lmk.rules)
    if number not in scheme.pin_formats:
        raise Refused(Code.PIN_BLOCK_FORMAT)
    check_same_card(script.account, script.card.hex(), lmk.rules)
    blocks, size = script.secret, key.block_bytes
    if len(blocks) != (2 * size if number == VIS_WITH_CURRENT else size):
        raise Refused(Code.DATA_LENGTH)
    pins = [
        received_pin(key, blocks[at : at + size], script.source_format, script.account, lmk.rules)
        for at in range(0, len(blocks), size)
    ]
    if number == ISO_2:
        return block_of(pins[0], ISO_2, b"")
    master = lmk.key(script.mk_ac, MK_AC, Code.TARGET_PARITY)
    return emv.vis_pin_block(emv_keys.card_key(master, script.card), *pins)


def _vis_session_key(card: SecretKey, session_data: bytes) -> SecretKey:
    """Return the key of the ATC, which stands at the right end behind zeros."""
    if session_data[:6].strip(b"\x00"):
        raise Refused(Code.INPUT)
    return emv_keys.visa_script_key(card, session_data[6:])


VIS_CARD: Final = Scheme(
    _vis_session_key, emv.script_enciphered_visa, _VIS_CONTENT_MAX, (ISO_2, VIS, VIS_WITH_CURRENT)
)
MCHIP_CARD: Final = Scheme(
    emv_keys.common_session_key, emv.script_enciphered_mastercard, _LONGEST, (ISO_2,)
)
