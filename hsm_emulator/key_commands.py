"""Commands about keys: BU."""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.layout import Characters, Command, Hexadecimal, Key, Section
from hsm_emulator.lmk import Lmk

# BU's two-digit codes; FF says that the key type stands after a semicolon.
_TYPE_CODES: Final = {
    b"00": b"000", b"01": b"001", b"02": b"002", b"03": b"003", b"08": b"008",
    b"09": b"009", b"0A": b"00A", b"0B": b"00B", b"0C": b"00C",
}  # fmt: skip
_LENGTH_FLAGS: Final = {b"0": (8,), b"1": (16,), b"2": (24,), b"F": (16, 24, 32)}


def check_value(
    lmk: Lmk, code: bytes, flag: bytes, cryptogram: bytes, key_type: bytes, option: bytes
) -> bytes:
    if code != b"FF" or not key_type:
        if code not in _TYPE_CODES:
            raise Refused(Code.KEY_TYPE_CODE)
        key_type = _TYPE_CODES[code]
    key, _ = lmk.opened(cryptogram, key_type, Code.SOURCE_PARITY)
    if len(key.clear) not in _LENGTH_FLAGS[flag]:
        raise Refused(Code.KEY_LENGTH_FLAG)
    digits = 6 if option[2:] == b"1" else 16
    return Code.OK + in_hexadecimal(key.check_value())[:digits]


COMMANDS: Final = (
    Command(
        "BU",
        "Generate a key check value",
        (
            Hexadecimal("key type code", 2, Code.KEY_TYPE_CODE),
            Characters("key length flag", 1, b"012F", Code.KEY_LENGTH_FLAG),
            Key("key"),
            Section(b";", (Hexadecimal("key type", 3, Code.KEY_TYPE),)),
            Section(b";", (Characters("reserved, KCV type", 3, b"01"),)),
        ),
        (("KCV", "16 H, or 6 H with KCV type 1"),),
        check_value,
    ),
)
