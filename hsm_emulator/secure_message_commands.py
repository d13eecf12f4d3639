"""The command that makes scripts for chip cards: a MAC, data enciphered in it, a new PIN.

KU knows VIS and M/Chip. It answers with the MAC over the command with its enciphered part in place,
and with that part.

How sure this is. Fields of the request and their order are those of a public simulator, and so are
the answer's code and MAC, and the ATC at the right end of VIS's session data. Widths and scheme
numbers follow KQ's and the general forms of the protocol. Ours, not confirmed: what each mode asks
for; in the answer, length and enciphered part behind the MAC; that TK is a ZEK and enciphers block
by block; the codes of the PIN key's type; that 34, 41 and 42 name these blocks, and that with 42
the current PIN stands behind the new one; the cryptogram as session data of M/Chip; that those of
VIS hold nothing before the ATC (15); codes 04 and 05, which are KQ's, and 11. Nothing of the layout
was checked against a device. What MAC and encipherment are computed over is VIS's and M/Chip's own,
and has other people's answers.

Scripts of the common core definitions (always padded, long PANs by option B) are another command's,
of which no public layout is known: there is none here.
"""
from typing import Final

from hsm_emulator import scripts
from hsm_emulator.account_fields import Account
from hsm_emulator.emv_fields import Bytes, CountedBytes
from hsm_emulator.errors import Code
from hsm_emulator.fields import Characters, Digits, Hexadecimal, Together, When
from hsm_emulator.key_fields import Key
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import VIS, VIS_WITH_CURRENT

_MODE, _SCHEME = b"04", b"05"
_SCHEMES: Final = {b"0": scripts.VIS_CARD, b"1": scripts.MCHIP_CARD}


def secured_script(
    lmk: Lmk, mode: bytes, scheme: bytes, mk_smi: bytes, card: bytes, *rest: bytes
) -> bytes:
    script = scripts.Script(mode, mk_smi, card, *rest)
    return Code.OK + scripts.secured(lmk, _SCHEMES[scheme], script)


_WITH_PART: Final = "with mode 1 to 4"
_SOURCE_AT, _TARGET_AT = 13, 14  # among the values

COMMANDS: Final = (
    Command(
        "KU",
        "Make a script's MAC, encipher its data or a new PIN, VIS or M/Chip",
        (
            Characters(
                "mode (0 MAC; 1 and 2 MAC and data, 3 and 4 MAC and new PIN, enciphered by MK-SMI"
                " or MK-SMC)",
                1, b"01234", _MODE,
            ),
            Characters("scheme (0 VIS, 1 M/Chip)", 1, b"01", _SCHEME),
            Key("MK-SMI", untagged=32),
            Bytes("PAN and sequence number", 8),
            Bytes("session data of the MAC (VIS: zeros and the ATC; M/Chip: the cryptogram)", 8),
            CountedBytes("command to the card, without its enciphered part", b";", digits=4),
            When(0, b"24", Key("MK-SMC", untagged=32), "with mode 2 and 4"),
            When(0, b"12", Key("TK"), "with mode 1 and 2"),
            When(0, b"1234", Bytes("session data of the encipherment", 8), _WITH_PART),
            When(
                0, b"1234", Hexadecimal("place of the enciphered part in the command", 4),
                _WITH_PART,
            ),
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
                    When(
                        _TARGET_AT, (VIS, VIS_WITH_CURRENT), Key("MK-AC", untagged=32),
                        "with format 41 and 42",
                    ),
                )),
                "with mode 3 and 4",
            ),
        ),
        (
            ("MAC", "8 B"),
            ("length of the enciphered part", "4 H, with mode 1 to 4"),
            ("enciphered part", "as counted, with mode 1 to 4"),
        ),
        secured_script,
        codes={
            _MODE: "mode",
            _SCHEME: "scheme",
            Code.TARGET_PARITY: "parity or wrong type of a key after the first",
        },
        rests_on=(
            "Fields and their order are as a public simulator has them; widths follow KQ's and the"
            " general forms of the protocol. Ours, not confirmed: what the modes ask for, the"
            " types of PIN key, what the formats 34, 41 and 42 name, the session data of M/Chip,"
            " what stands behind the MAC in the answer. Nothing of it was checked against a"
            " device ([more](../hsm-cards.md#scripts-for-cards))."
        ),
    ),
)  # fmt: skip
