"""What must be authorised before a key comes, goes or is formed; the device answers 17 otherwise.

After the published table of a client of the real device: every export under a ZMK is authorised
(export.TYPE), forming keys from components too (component.TYPE), imports of a few types only, a
check value longer than 6 digits (generate.TYPE). Three decisions are ours. A key that comes bare as
a data key is authorised, so that a ZPK that got out cannot decipher PIN blocks when it comes back.
A key block says what its key is for, so with key block LMKs only bare keys are authorised. And a
terminal's key may be generated under its TMK without, because no command takes it back from there.
"""
from typing import Final

from hsm_emulator.key_types import KEY_BLOCK
from hsm_emulator.key_under_zmk import BLOCK_SCHEMES
from hsm_emulator.key_usages import type_of_usage

_IMPORTS: Final = frozenset((b"000", b"100", b"200", b"107", b"207", b"00A", b"00C", b"00D"))
_BARE_IMPORTS: Final = frozenset((b"00B", b"30B", b"10A"))
_FOR_TERMINALS: Final = frozenset(
    (b"002", b"003", b"30B", b"302", b"70D", b"80D", b"90D", KEY_BLOCK)
)
UNDER_TMK: Final = b"1"
_SHORT_CHECK_VALUE: Final = b"1"


def to_import(values: list[bytes]) -> str:
    """Of A6: key type, ZMK, key, ..."""
    key_type, in_block = values[0].upper(), values[2][:1] in BLOCK_SCHEMES
    if key_type == KEY_BLOCK and in_block and values[3] != b"S":
        key_type = type_of_usage(values[2][6:8].decode("latin-1"))  # as it will be kept
    if key_type in _IMPORTS or (not in_block and key_type in (*_BARE_IMPORTS, KEY_BLOCK)):
        return _named("import", key_type)
    return ""


def to_export(values: list[bytes]) -> str:
    """Of A8: key type, ZMK or TMK flag, ZMK or TMK, key, scheme, ..."""
    return _named_export(values[0].upper(), values[4])


def to_generate(values: list[bytes]) -> str:
    """Of A0: mode, key type, ..., ZMK or TMK flag, ZMK or TMK, scheme."""
    key_type, (flag, _, scheme) = values[1].upper(), values[-3:]
    if not flag or (flag == UNDER_TMK and key_type in _FOR_TERMINALS):
        return ""
    return _named_export(key_type, scheme)


def to_form(values: list[bytes]) -> str:
    """Of A4: number of components, key type, ..."""
    return _named("component", values[1].upper())


def to_check(values: list[bytes]) -> str:
    """Of BU: type code, length flag, key, key type, reserved with the kind of KCV."""
    if values[4][2:] == _SHORT_CHECK_VALUE:
        return ""
    return _named("generate", values[3].upper() or values[0].upper())


def to_send_zpk(values: list[bytes]) -> str:
    """Of GC and IA: ZMK, ..., key scheme under the ZMK, that under the LMK, kind of KCV."""
    if values[0][:1] != b"S":
        return "export.001"
    return _named_export(KEY_BLOCK, values[-3] or b"S")


def _named_export(key_type: bytes, scheme: bytes) -> str:
    if key_type == KEY_BLOCK and scheme in BLOCK_SCHEMES:
        return ""
    return _named("export", key_type)


def _named(activity: str, key_type: bytes) -> str:
    return f"{activity}.{key_type.decode('ascii')}"
