"""Commands about chip cards: verify an ARQC and make the ARPC that answers it.

KQ knows VIS (CVN 10 and 17: no session key) and M/Chip (CVN 16 and 17: its own session keys); KW
EMV2000 (CVN 14) and the common session key of EMV (CVN 18, 20, 21). Data that do not fill their
last block are padded with zeros: whoever means 80 and zeros sends them.
"""
import hmac
from collections.abc import Callable
from typing import Final

from hsm_emulator import emv, emv_keys
from hsm_emulator.emv_fields import (
    NO_DISCRETIONARY,
    NO_TRANSACTION,
    Bytes,
    CountedBytes,
    LongPan,
    ShortBytes,
)
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, When
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import MK_AC, MK_SMI
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import SecretKey

DIAGNOSTIC: Final = "diagnostic"  # the activity in which a wrong ARQC is told the right one

# Codes with a meaning of their own in these two commands.
_MAC_WITHOUT_VIS, _MODE, _SCHEME, _MAC_WRONG = b"03", b"04", b"05", b"06"
_TREE_SHAPE: Final = b"52"

_KQ_CODES: Final = {
    _MAC_WITHOUT_VIS: "mode 3 or 4 with another scheme than VIS",
    _MODE: "mode",
    _SCHEME: "scheme",
    _MAC_WRONG: "MAC of the discretionary data not verified",
    NO_TRANSACTION: "no transaction data",
    NO_DISCRETIONARY: "no discretionary data",
}
_KW_CODES: Final = {
    _MODE: "mode", _SCHEME: "scheme", _TREE_SHAPE: "tree", NO_TRANSACTION: "no transaction data",
}  # fmt: skip

_VIS: Final = b"0"
_TREES: Final = {b"0": (2, 16), b"1": (4, 8)}  # branches and height


def vis_or_mchip(
    lmk: Lmk,
    mode: bytes,
    scheme: bytes,
    mk_ac: bytes,
    mk_smi: bytes,
    card: bytes,
    atc: bytes,
    unpredictable: bytes,
    transaction: bytes,
    arqc: bytes,
    response_code: bytes,
    discretionary_mac: bytes,
    discretionary: bytes,
    may: Callable[[str], bool],
) -> bytes:
    if mode in b"34" and scheme != _VIS:
        raise Refused(_MAC_WITHOUT_VIS)
    key = emv_keys.card_key(lmk.key(mk_ac, MK_AC, Code.SOURCE_PARITY), card)
    session = key
    if scheme != _VIS:
        session = emv_keys.mastercard_session_key(key, atc, unpredictable)
    if mode in b"0134" and (refusal := _judged(lmk, session, transaction, arqc, may)):
        return refusal
    if mode in b"34":
        integrity = emv_keys.card_key(lmk.key(mk_smi, MK_SMI, Code.TARGET_PARITY), card)
        script_key = emv_keys.visa_script_key(integrity, atc)
        if not _is_over(lmk, script_key, discretionary, discretionary_mac):
            return _MAC_WRONG
    if mode in b"124":
        return Code.OK + emv.arpc_1(key, arqc, response_code)
    return Code.OK


def emv_2000_or_common(
    lmk: Lmk,
    mode: bytes,
    scheme: bytes,
    mk_ac: bytes,
    start: bytes,
    short_card: bytes,
    long_card: bytes,
    shape: bytes,
    atc: bytes,
    transaction: bytes,
    arqc: bytes,
    response_code: bytes,
    status_update: bytes,
    proprietary: bytes,
    may: Callable[[str], bool],
) -> bytes:
    card = short_card or emv_keys.option_b(long_card)
    key = emv_keys.card_key(lmk.key(mk_ac, MK_AC, Code.SOURCE_PARITY), card)
    if shape:
        session = emv_keys.tree_session_key(key, atc, *_TREES[shape], start)
    else:
        session = emv_keys.common_session_key(key, atc + bytes(6))
    if mode in b"013" and (refusal := _judged(lmk, session, transaction, arqc, may)):
        return refusal
    if mode in b"12":
        return Code.OK + emv.arpc_1(session, arqc, response_code)
    if mode in b"34":
        return Code.OK + emv.arpc_2(session, arqc, status_update, proprietary)
    return Code.OK


def _judged(
    lmk: Lmk, key: SecretKey, transaction: bytes, arqc: bytes, may: Callable[[str], bool]
) -> bytes:
    """Return the answer that ends the command, or nothing when the cryptogram is right."""
    if _is_over(lmk, key, transaction, arqc):
        return b""
    return Code.NOT_VERIFIED + (emv.cryptogram(key, transaction) if may(DIAGNOSTIC) else b"")


def _is_over(lmk: Lmk, key: SecretKey, content: bytes, shown: bytes) -> bool:
    """Say whether what was shown, or its left bytes, was made over this content."""
    ways = [emv.cryptogram]
    if lmk.rules.unpadded_emv_data:
        ways.append(emv.padded_cryptogram)
    return any(hmac.compare_digest(way(key, content)[: len(shown)], shown) for way in ways)


_ARQC: Final = Bytes("ARQC, TC or AAC", 8)
_TRANSACTION: Final = CountedBytes("transaction data", b";", NO_TRANSACTION)
_RESPONSE_CODE: Final = Bytes("response code", 2)
_DISCRETIONARY: Final = CountedBytes("discretionary data", empty_code=NO_DISCRETIONARY)

_VIS_OR_MCHIP: Final = Command(
    "KQ",
    "Verify an ARQC and make an ARPC, VIS or M/Chip",
    (
        Characters(
            "mode (0 verify, 1 verify and ARPC, 2 ARPC, 3 as 0 and 4 as 1 with a MAC to verify)",
            1, b"01234", _MODE,
        ),
        Characters("scheme (0 VIS, 1 M/Chip)", 1, b"01", _SCHEME),
        Key("MK-AC", untagged=32),
        When(0, b"34", Key("MK-SMI", untagged=32), "with mode 3 and 4"),
        Bytes("PAN and sequence number", 8),
        Bytes("ATC", 2),
        Bytes("unpredictable number", 4),
        When(0, b"0134", _TRANSACTION, "with mode 0, 1, 3 and 4"),
        _ARQC,
        When(0, b"124", _RESPONSE_CODE, "with mode 1, 2 and 4"),
        When(0, b"34", Bytes("discretionary MAC", 4), "with mode 3 and 4"),
        When(0, b"34", _DISCRETIONARY, "with mode 3 and 4"),
    ),
    (("ARPC, or after 01 in authorised state the expected ARQC", "8 B"),),
    vis_or_mchip,
    takes="?",
    codes=_KQ_CODES,
)  # fmt: skip

_EMV_2000_OR_COMMON: Final = Command(
    "KW",
    "Verify an ARQC and make an ARPC, EMV2000 or common session keys",
    (
        Characters(
            "mode (0 verify, 1 verify and ARPC, 2 ARPC, 3 and 4 the same by method 2)",
            1, b"01234", _MODE,
        ),
        Characters(
            "scheme (0 EMV2000, 2 common session key; 1 and 3 the same, card key of option B)",
            1, b"0123", _SCHEME,
        ),
        Key("MK-AC", untagged=32),
        When(1, b"01", Bytes("initial vector", 16), "with scheme 0 and 1"),
        When(1, b"02", Bytes("PAN and sequence number", 8), "with scheme 0 and 2"),
        When(1, b"13", LongPan("PAN and sequence number, whole"), "with scheme 1 and 3"),
        When(
            1, b"01",
            Characters("tree (0 2 branches, height 16; 1 4, height 8)", 1, b"01", _TREE_SHAPE),
            "with scheme 0 and 1",
        ),
        Bytes("ATC", 2),
        When(0, b"013", _TRANSACTION, "with mode 0, 1 and 3"),
        _ARQC,
        When(0, b"12", _RESPONSE_CODE, "with mode 1 and 2"),
        When(0, b"34", Bytes("card status update", 4), "with mode 3 and 4"),
        When(0, b"34", ShortBytes("proprietary authentication data"), "with mode 3 and 4"),
    ),
    (("ARPC (4 B by method 2), or after 01 in authorised state the expected ARQC", "4 to 8 B"),),
    emv_2000_or_common,
    takes="?",
    codes=_KW_CODES,
)  # fmt: skip

COMMANDS: Final = (_VIS_OR_MCHIP, _EMV_2000_OR_COMMON)
