"""What a key may be used for: types of the variant LMK, usages of key blocks, roles in commands.

A key type `vLL` names the LMK pair LL and the variant v of its left half, so a key enciphered as
one type deciphers to noise as another. A role is what a command asks of a key: the type it must
have been enciphered as, or the usages and modes its key block's header must state.
"""
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused

# The pair of LMKs (04-05 is pair 2) behind the last two characters of a key type.
_PAIRS: Final = {
    b"00": 2, b"01": 3, b"02": 7, b"03": 8, b"05": 10, b"06": 11, b"07": 12,
    b"08": 13, b"09": 14, b"0A": 15, b"0B": 16, b"0C": 17, b"0D": 18,
}  # fmt: skip
VARIANTS: Final = (0x00, 0xA6, 0x5A, 0x6A, 0xDE, 0x2B, 0x50, 0x74, 0x9C, 0xFA)

KEY_BLOCK: Final = b"FFF"  # in place of a key type: the key block's header says it


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed as the one it is: cheap
class KeyRole:
    """What a command asks of one of its keys."""

    name: str
    key_type: bytes  # under a variant LMK
    usages: frozenset[str]  # under a key block LMK
    modes: frozenset[str]


def pair_and_variant(key_type: bytes) -> tuple[int, int]:
    """Return the number of the LMK pair and the byte its left half is changed with."""
    pair = _PAIRS.get(key_type[1:])
    if pair is None or not key_type[:1].isdigit():
        raise Refused(Code.KEY_TYPE)
    return pair, VARIANTS[int(key_type[:1])]


def _role(name: str, key_type: bytes, usages: str, modes: str) -> KeyRole:
    return KeyRole(name, key_type, frozenset(usages.split()), frozenset(modes))


ZMK: Final = _role("ZMK", b"000", "K0 K1 52", "BDEN")
PIN_SOURCE_TPK: Final = _role("TPK", b"002", "71 P0", "BDN")
PIN_SOURCE_ZPK: Final = _role("ZPK", b"001", "72 P0", "BDN")
PIN_TARGET_ZPK: Final = _role("ZPK, target", b"001", "72 P0", "BEN")
PVK_VISA: Final = _role("PVK (Visa)", b"002", "V0 V2", "CGVN")
PVK_IBM: Final = _role("PVK (IBM)", b"002", "V0 V1", "CGVN")
CVK: Final = _role("CVK", b"402", "C0 12 13", "CGVN")
