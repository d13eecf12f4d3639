"""The same purpose under three names: a variant LMK's key type, ANSI X9.143's usage, Thales' own.

Usages that are letter and digit are those of the standard; those of two digits are the vendor's,
finer than the standard's (71 and 72 tell the TPK from the ZPK, both P0). Listed in public open
decoders of key block headers.
"""
from typing import Final

from hsm_emulator.errors import Code, Refused

_STANDARD: Final = {
    "11": "C0", "12": "C0", "13": "C0",
    "21": "D0", "22": "D0", "23": "D0", "25": "D0",
    "24": "K0", "51": "K0", "52": "K0", "54": "K0", "55": "K0",
    "32": "E6", "37": "E6", "38": "E6", "39": "E6",
    "41": "B0", "42": "B0", "43": "B0", "44": "B0",
    "61": "M7", "62": "M7", "63": "M7", "64": "M7", "65": "M7",
    "71": "P0", "72": "P0", "73": "P0",
}  # fmt: skip
_MAC: Final = "M0 M1 M2 M3 M4 M5 M6"
# The first is what a key of the type is exported as unless the request says otherwise.
_OF_TYPE: Final = {
    b"000": "K0 K1", b"100": "K0 K1", b"200": "K0 K1", b"001": "P0",
    b"002": "P0 K0 V0 V1 V2", b"302": "B1", b"402": "C0", b"003": f"M3 {_MAC}",
    b"008": f"M3 {_MAC}", b"009": "B0", b"609": "B0", b"809": "B0", b"909": "B0",
    b"109": "E0", b"209": "E2", b"309": "E1", b"409": "E3", b"509": "E4", b"709": "E6",
    b"00A": "D0", b"00B": "D0", b"30B": "D0", b"70D": "P0", b"80D": "K0", b"90D": "P0",
}  # fmt: skip
# A client of the real device lists what may be exported: these types are not among them.
_NEVER_SENT: Final = frozenset((b"000", b"00B", b"00D", b"10A", b"507"))
_MODES: Final = {
    "B": "X", "C": "C", "D": "B", "E": "X", "K": "B", "M": "C", "P": "B", "V": "C",
}  # fmt: skip


def standard_usage(usage: str) -> str:
    """Return the standard's name for a usage; refuse one that it has none for."""
    if usage[:1].isalpha():
        return usage
    if usage not in _STANDARD:
        raise Refused(Code.KEY_USAGE)
    return _STANDARD[usage]


def changed_usage(usage: str, wanted: str) -> str:
    """Return `wanted`, which may tell more or less than `usage` but nothing else."""
    if not wanted or wanted == usage:
        return usage
    if standard_usage(wanted) != standard_usage(usage):
        raise Refused(Code.KEY_USAGE)
    return wanted


def usage_of_type(key_type: bytes, wanted: str = "") -> str:
    """Return the usage that a key of this type is sent with: the wanted one, if it fits."""
    usages = _OF_TYPE.get(key_type.upper(), "").split()
    if not usages:
        raise Refused(Code.KEY_TYPE)
    if wanted and wanted not in usages:
        raise Refused(Code.KEY_USAGE)
    return wanted or usages[0]


def is_known(key_type: bytes) -> bool:
    """Say whether a key type has a usage; two-digit type codes stand for these only."""
    return key_type.upper() in _OF_TYPE


def check_may_leave(key_type: bytes, exportability: str, any_type: bool) -> None:
    """Refuse to send a key that its block (N) or its type under a variant LMK keeps here."""
    if exportability == "N":
        raise Refused(Code.EXPORTABILITY)
    if key_type.upper() in _NEVER_SENT and not any_type:
        raise Refused(Code.NOT_PERMITTED)


def type_of_usage(usage: str) -> bytes:
    """Return the first key type that a usage fits: a request may leave the type to the block."""
    for key_type, usages in _OF_TYPE.items():
        if usage in usages.split():
            return key_type
    raise Refused(Code.KEY_USAGE)


def usual_mode(usage: str) -> str:
    """Return the mode that keys of a usage are sent with unless the request says otherwise."""
    return _MODES.get(usage[:1], "N")
