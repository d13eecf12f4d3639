"""What a key may be used for: types of the variant LMK, usages of key blocks, roles in commands.

A key type `vLL` names the LMK pair LL and the variant v of its left half, so a key enciphered as
one type deciphers to noise as another. A role is what a command asks of a key: the type it must
have been enciphered as, or the usages and modes its key block's header must state.
"""
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.rules import STRICT, Rules

# The pair of LMKs (04-05 is pair 2) behind the last two characters of a key type.
_PAIRS: Final = {
    b"00": 2, b"01": 3, b"02": 7, b"03": 8, b"05": 10, b"06": 11, b"07": 12,
    b"08": 13, b"09": 14, b"0A": 15, b"0B": 16, b"0C": 17, b"0D": 18,
}  # fmt: skip
VARIANTS: Final = (0x00, 0xA6, 0x5A, 0x6A, 0xDE, 0x2B, 0x50, 0x74, 0x9C, 0xFA)

KEY_BLOCK: Final = b"FFF"  # in place of a key type: the key block's header says it
# Initial keys of DUKPT terminals: derived, so without parity, and all their bits count.
DERIVED_TYPE: Final = b"302"
DERIVED_USAGE: Final = "B1"


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed as the one it is: cheap
class KeyRole:
    """What a command asks of one of its keys."""

    name: str
    key_type: bytes  # under a variant LMK
    usages: frozenset[str]  # under a key block LMK
    modes: frozenset[str]
    separated: bytes = b""  # its key type where PIN keys have types of their own (PCI)

    def type_under(self, rules: Rules) -> bytes:
        """Return its key type under a variant LMK with these rules."""
        return self.separated if self.separated and rules.separate_pin_keys else self.key_type


def pair_and_variant(key_type: bytes) -> tuple[int, int]:
    """Return the number of the LMK pair and the byte its left half is changed with."""
    pair = _PAIRS.get(key_type[1:])
    if pair is None or not key_type[:1].isdigit():
        raise Refused(Code.KEY_TYPE)
    return pair, VARIANTS[int(key_type[:1])]


def _role(
    name: str, key_type: bytes, usages: str, modes: str, separated: bytes = b""
) -> KeyRole:
    return KeyRole(name, key_type, frozenset(usages.split()), frozenset(modes), separated)


def role_of(
    roles: tuple[KeyRole, ...],
    key_type: bytes,
    rules: Rules = STRICT,
    code: bytes = Code.KEY_TYPE,
) -> KeyRole:
    """Return the role that a command has for keys of this type; FFF leaves it to the key block."""
    for role in roles:
        if key_type in (role.type_under(rules), KEY_BLOCK):
            return role
    raise Refused(code)


# What PCI takes out of pair 14-15, which PVKs share: TPK and TMK; TKR (90D) is in no command here.
_TPK_SEPARATED: Final = b"70D"
_TMK_SEPARATED: Final = b"80D"

# Usages that are digits are the vendor's own; the others are those of ANSI X9.143.
ZMK_IMPORT: Final = _role("ZMK", b"000", "K0 K1 52 54", "BDN")
ZMK_EXPORT: Final = _role("ZMK", b"000", "K0 K1 52 54", "BEN")
TMK_EXPORT: Final = _role("TMK", b"002", "K0 K1 51 54", "BEN", _TMK_SEPARATED)
TPK_CURRENT: Final = _role("TPK", b"002", "P0 71", "BEN", _TPK_SEPARATED)
INITIAL_KEY_BDKS: Final = {
    b"1": _role("BDK-1", b"009", "B0", "NX"),
    b"2": _role("BDK-2", b"609", "B0 41", "NX"),
    b"3": _role("BDK-3", b"809", "B0 42", "NX"),
    b"4": _role("BDK-4", b"909", "B0 43", "NX"),
    b"5": _role("BDK-5", b"009", "B0 44", "NX"),
}

PIN_SOURCE_TPK: Final = _role("TPK", b"002", "P0 71", "BDN", _TPK_SEPARATED)
PIN_SOURCE_ZPK: Final = _role("ZPK", b"001", "P0 72", "BDN")
PIN_TARGET_ZPK: Final = _role("ZPK", b"001", "P0 72", "BEN")

PVK_VISA_VERIFY: Final = _role("PVK", b"002", "V0 V2", "CNV")
PVK_VISA_GENERATE: Final = _role("PVK", b"002", "V0 V2", "CGN")
PVK_IBM_VERIFY: Final = _role("PVK", b"002", "V0 V1", "CNV")
PVK_IBM_GENERATE: Final = _role("PVK", b"002", "V0 V1", "CGN")
PVK_VISA_CHANGE: Final = _role("PVK", b"002", "V0 V2", "CN")
PVK_IBM_CHANGE: Final = _role("PVK", b"002", "V0 V1", "CN")
CVK_VERIFY: Final = _role("CVK", b"402", "C0 12 13", "CNV")
CVK_GENERATE: Final = _role("CVK", b"402", "C0 12 13", "CGN")
MK_AC: Final = _role("MK-AC", b"109", "E0", "NX")
MK_SMI: Final = _role("MK-SMI", b"209", "E2", "NX")
MK_SMC: Final = _role("MK-SMC", b"309", "E1", "NX")

MAC_ALGORITHM_1: Final = "M0 M1"
MAC_ALGORITHM_3: Final = "M3"
MAC_CMAC: Final = "M5 M6"
TAK_GENERATE: Final = _role("TAK", b"003", "M0 M1 M3", "CGN")
TAK_VERIFY: Final = _role("TAK", b"003", "M0 M1 M3", "CNV")


def mac_roles(usages: str, modes: str) -> tuple[KeyRole, ...]:
    """Return the roles of keys that make or check MACs of one algorithm."""
    return (_role("TAK", b"003", usages, modes), _role("ZAK", b"008", usages, modes))


def data_roles(modes: str) -> tuple[KeyRole, ...]:
    """Return the roles of keys that encipher or decipher data."""
    return tuple(
        _role(name, key_type, "D0 21 22 23", modes)
        for name, key_type in (("DEK", b"00B"), ("ZEK", b"00A"), ("TEK", b"30B"))
    )


# What a host enciphers data for a card with; that it is a ZEK is ours.
TRANSPORT_KEY: Final = _role("TK", b"00A", "D0 22", "BDN")

# Keys that a command takes by key type: ZPK 001, TPK 002; FFF is either of them, in a key block.
PIN_SOURCES: Final = (_role("ZPK or TPK", b"001", "P0 71 72", "BDN"), PIN_SOURCE_TPK)


def bdk_roles(modes: str) -> dict[bytes, KeyRole]:
    """Return the roles of BDKs by the flag that stands before them: BDK-1, BDK-2, BDK-3."""
    kinds = ((b"*", b"009", "B0"), (b"~", b"609", "B0 41"), (b"!", b"809", "B0 42"))
    return {flag: _role("BDK", key_type, usages, modes) for flag, key_type, usages in kinds}


BDK_SOURCES: Final = bdk_roles("BDNX")
BDK_TARGETS: Final = bdk_roles("BENX")
BDKS_TO_VERIFY: Final = bdk_roles("CNVX")
BDKS_TO_GENERATE: Final = bdk_roles("CGNX")
BDKS_TO_ENCIPHER: Final = tuple(BDK_TARGETS.values())
BDKS_TO_DECIPHER: Final = tuple(BDK_SOURCES.values())
BDK_TYPES: Final = frozenset(role.key_type for role in BDKS_TO_ENCIPHER)
BDK_USAGES: Final = {b"B0": b"009", b"41": b"609", b"42": b"809"}  # and the types they stand for
BDK_2: Final = b"609"  # its terminals have keys of their own for what they are sent
