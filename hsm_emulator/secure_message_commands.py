"""Commands that make scripts for chip cards: a MAC, data enciphered in the command, a new PIN.

KU knows VIS and M/Chip, KY the common session key of EMV. Both answer with the MAC over the command
with its enciphered part in place, and with that part.

How sure this is. The fields of KU and their order are those of an open simulator, widths and modes
those of a product's source that can be read in public. The order of KY, which has no session data
for the encipherment, is that product's alone; its scheme numbers are those of KW. Ours are: that TK
is a ZEK and enciphers block by block; that with format 42 the current PIN stands behind the new
one; that the session data of VIS hold nothing before the ATC (15); codes 04 and 05, which are KQ's.
What MAC and encipherment are computed over is VIS's, M/Chip's and EMV's own, and has other people's
answers.
"""
from typing import Final

from hsm_emulator import emv_keys, scripts
from hsm_emulator.account_fields import Account
from hsm_emulator.emv_fields import Bytes, CountedBytes, LongPan
from hsm_emulator.errors import Code
from hsm_emulator.fields import Characters, Digits, Field, Hexadecimal, Together, When
from hsm_emulator.key_fields import Key
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import VIS, VIS_WITH_CURRENT

_MODE, _SCHEME = b"04", b"05"
_CODES: Final = {
    _MODE: "mode",
    _SCHEME: "scheme",
    Code.TARGET_PARITY: "parity or wrong type of a key after the first",
}
_SCHEMES: Final = {b"0": scripts.VIS_CARD, b"1": scripts.MCHIP_CARD}


def vis_or_mchip(
    lmk: Lmk, mode: bytes, scheme: bytes, mk_smi: bytes, card: bytes, *rest: bytes
) -> bytes:
    of_card = scripts.Card(card, card.hex())
    script = scripts.Script(mode, mk_smi, *rest)
    return Code.OK + scripts.secured(lmk, _SCHEMES[scheme], of_card, script)


def common(
    lmk: Lmk,
    mode: bytes,
    _scheme: bytes,
    mk_smi: bytes,
    short_card: bytes,
    long_card: bytes,
    session_data: bytes,
    command: bytes,
    mk_smc: bytes,
    transport: bytes,
    *rest: bytes,
) -> bytes:
    octets = short_card or emv_keys.option_b(long_card)
    of_card = scripts.Card(octets, (short_card or long_card).hex())
    script = scripts.Script(
        mode, mk_smi, session_data, command, mk_smc, transport, session_data, *rest
    )
    return Code.OK + scripts.secured(lmk, scripts.COMMON_CORE, of_card, script)


_CARD: Final = "PAN and sequence number"
_WITH_PART: Final = "with mode 1 to 4"
_MODES: Final = Characters(
    "mode (0 MAC; 1 and 2 MAC and data, 3 and 4 MAC and new PIN, enciphered by MK-SMI or MK-SMC)",
    1, b"01234", _MODE,
)  # fmt: skip
_MK_SMI: Final = Key("MK-SMI", untagged=32)
_COMMAND: Final = CountedBytes("command to the card, without its enciphered part", b";", digits=4)
_MASTER_AND_TRANSPORT: Final[tuple[Field, ...]] = (
    When(0, b"24", Key("MK-SMC", untagged=32), "with mode 2 and 4"),
    When(0, b"12", Key("TK"), "with mode 1 and 2"),
)
_SOURCE_AT, _TARGET_AT = 13, 14  # among the values of either command
_VIS_BLOCKS: Final = (VIS, VIS_WITH_CURRENT)
_PART: Final[tuple[Field, ...]] = (
    When(0, b"1234", Hexadecimal("place of the enciphered part in the command", 4), _WITH_PART),
    When(
        0, b"1234",
        CountedBytes(
            "data under TK; the new PIN block, with format 42 and that of the current PIN",
            b";", digits=4,
        ),
        _WITH_PART,
    ),
    When(
        0, scripts.NEW_PIN,
        Together((
            Characters("PIN key's type (0 ZPK, 1 TPK, F as its block says)", 1, b"01F"),
            Key("PIN key"),
            Digits("source PIN block format", 2, Code.PIN_BLOCK_FORMAT),
            Digits("target PIN block format (34, 41 or 42)", 2, Code.PIN_BLOCK_FORMAT),
            Account("account number", (_SOURCE_AT,)),
            When(_TARGET_AT, _VIS_BLOCKS, Key("MK-AC", untagged=32), "with format 41 and 42"),
        )),
        "with mode 3 and 4",
    ),
)  # fmt: skip
_ANSWER: Final = (
    ("MAC", "8 B"),
    ("length of the enciphered part", "4 H, with mode 1 to 4"),
    ("enciphered part", "as counted, with mode 1 to 4"),
)

COMMANDS: Final = (
    Command(
        "KU",
        "Make a script's MAC, encipher its data or a new PIN, VIS or M/Chip",
        (
            _MODES,
            Characters("scheme (0 VIS, 1 M/Chip)", 1, b"01", _SCHEME),
            _MK_SMI,
            Bytes(_CARD, 8),
            Bytes("session data of the MAC (VIS: zeros and the ATC; M/Chip: the cryptogram)", 8),
            _COMMAND,
            *_MASTER_AND_TRANSPORT,
            When(0, b"1234", Bytes("session data of the encipherment", 8), _WITH_PART),
            *_PART,
        ),
        _ANSWER,
        vis_or_mchip,
        codes=_CODES,
    ),
    Command(
        "KY",
        "Make a script's MAC, encipher its data or a new PIN, common session keys",
        (
            _MODES,
            Characters(
                "scheme (2 common session key; 3 the same, card key of option B)", 1, b"23", _SCHEME
            ),
            _MK_SMI,
            When(1, b"2", Bytes(_CARD, 8), "with scheme 2"),
            When(1, b"3", LongPan(f"{_CARD}, whole"), "with scheme 3"),
            Bytes("session data (the cryptogram)", 8),
            _COMMAND,
            *_MASTER_AND_TRANSPORT,
            *_PART,
        ),
        _ANSWER,
        common,
        codes=_CODES,
    ),
)
