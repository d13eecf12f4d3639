"""Commands about keys: A0 makes one, A6 and A8 carry one from or to a ZMK, BU checks one."""
import secrets
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Hexadecimal, Section
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_block import Attributes, check_attributes
from hsm_emulator.key_fields import Key, Zmk
from hsm_emulator.key_types import KEY_BLOCK, TMK_EXPORT, ZMK_EXPORT, ZMK_IMPORT
from hsm_emulator.key_under_zmk import key_from_zmk, key_to_zmk
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import AES_, TDES, SecretKey, is_weak, with_odd_parity

# BU's two-digit codes; FF says that the key type stands after a semicolon.
_TYPE_CODES: Final = {
    b"00": b"000", b"01": b"001", b"02": b"002", b"03": b"003", b"08": b"008",
    b"09": b"009", b"0A": b"00A", b"0B": b"00B", b"0C": b"00C",
}  # fmt: skip
_LENGTH_FLAGS: Final = {b"0": (8,), b"1": (16,), b"2": (24,), b"F": (16, 24, 32)}
_SCHEME_BYTES: Final = {b"U": 16, b"T": 24}
_ALGORITHMS: Final = {
    "T2": (TDES, 16), "T3": (TDES, 24), "A1": (AES_, 16), "A2": (AES_, 24), "A3": (AES_, 32)
}  # fmt: skip
_GENERATE_ONLY: Final = b"0"


def generate(
    lmk: Lmk,
    mode: bytes,
    key_type: bytes,
    scheme: bytes,
    export_flag: bytes,
    export_under: bytes,
    export_scheme: bytes,
    attributes_field: bytes,
) -> bytes:
    exports = mode != _GENERATE_ONLY
    if exports is not bool(export_under):
        raise Refused(Code.INPUT)
    attributes: Attributes | None = None
    algorithm, key_bytes = TDES, _SCHEME_BYTES.get(scheme, 0)
    if key_type == KEY_BLOCK:
        attributes, key_bytes = _attributes(attributes_field)
        algorithm = attributes.algorithm
    elif attributes_field:
        raise Refused(Code.INPUT)
    elif not key_bytes:
        raise Refused(Code.KEY_SCHEME)
    key = random_key(algorithm, key_bytes)
    answer = lmk.wrapped(key, key_type, scheme, attributes)
    if exports:
        role = ZMK_EXPORT if export_flag == b"0" else TMK_EXPORT
        under = lmk.key(export_under, role, Code.SOURCE_PARITY)
        answer += key_to_zmk(key, under, export_scheme, attributes)
    return Code.OK + answer + in_hexadecimal(key.check_value()[:3])


def random_key(algorithm: str, key_bytes: int) -> SecretKey:
    """Return a new key; TDES ones have odd parity and are not weak."""
    clear = secrets.token_bytes(key_bytes)
    if algorithm == TDES:
        clear = with_odd_parity(clear)
        assert not is_weak(clear)  # one chance in 10^15
    return SecretKey(clear, algorithm)


def import_key(lmk: Lmk, key_type: bytes, zmk: bytes, cryptogram: bytes, scheme: bytes) -> bytes:
    under = lmk.key(zmk, ZMK_IMPORT, Code.SOURCE_PARITY)
    if (key_type == KEY_BLOCK) is not (cryptogram[:1] == b"S"):
        raise Refused(Code.KEY_TYPE)
    key, attributes, had_odd_parity = key_from_zmk(cryptogram, under)
    code = Code.OK if had_odd_parity else Code.NOT_VERIFIED
    kept = lmk.wrapped(key, key_type, scheme, attributes)
    return code + kept + in_hexadecimal(key.check_value()[:3])


def export_key(
    lmk: Lmk, key_type: bytes, zmk: bytes, cryptogram: bytes, scheme: bytes, modifier: bytes
) -> bytes:
    under = lmk.key(zmk, ZMK_EXPORT, Code.SOURCE_PARITY)
    key, attributes = lmk.opened(cryptogram, key_type, Code.TARGET_PARITY)
    if attributes is not None and attributes.exportability == "N":
        raise Refused(Code.EXPORTABILITY)
    exported = key_to_zmk(key, under, scheme, attributes, modifier.decode("latin-1"))
    return Code.OK + exported + in_hexadecimal(key.check_value()[:3])


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


def _attributes(text: bytes) -> tuple[Attributes, int]:
    """Read what stands after #: usage, algorithm, mode, version, exportability, blocks."""
    asked = text.decode("latin-1")
    if len(asked) != 10:
        raise Refused(Code.INPUT)
    if asked[8:] != "00":
        raise Refused(Code.OPTIONAL_BLOCKS)
    if asked[2:4] not in _ALGORITHMS:
        raise Refused(Code.KEY_ALGORITHM)
    algorithm, key_bytes = _ALGORITHMS[asked[2:4]]
    attributes = Attributes(asked[:2], algorithm, asked[4], asked[5:7], asked[7])
    check_attributes(attributes)
    return attributes, key_bytes


_KEY_TYPE: Final = Hexadecimal("key type", 3, Code.KEY_TYPE)
_KCV: Final = ("KCV", "6 H")
_KEY_FORM: Final = "as its scheme says"

COMMANDS: Final = (
    Command(
        "A0",
        "Generate a key",
        (
            Characters("mode (0 generate, 1 and export)", 1, b"01"),
            _KEY_TYPE,
            Characters("key scheme, LMK", 1, code=Code.KEY_SCHEME),
            Section(
                b";",
                (
                    Characters("exported under (0 ZMK, 1 TMK)", 1, b"01"),
                    Zmk("ZMK or TMK"),
                    Characters("key scheme, ZMK or TMK", 1, code=Code.KEY_SCHEME),
                ),
                mark_may_lack=True,
            ),
        ),
        (("key under the LMK", _KEY_FORM), ("key under ZMK or TMK", "with mode 1"), _KCV),
        generate,
        takes="#",
    ),
    Command(
        "A6",
        "Import a key",
        (
            _KEY_TYPE,
            Zmk("ZMK"),
            Key("key under the ZMK"),
            Characters("key scheme, LMK", 1, code=Code.KEY_SCHEME),
        ),
        (("key under the LMK", _KEY_FORM), _KCV),
        import_key,
    ),
    Command(
        "A8",
        "Export a key",
        (
            _KEY_TYPE,
            Zmk("ZMK"),
            Key("key under the LMK"),
            Characters("key scheme, ZMK", 1, code=Code.KEY_SCHEME),
        ),
        (("key under the ZMK", _KEY_FORM), _KCV),
        export_key,
        takes="&",
    ),
    Command(
        "BU",
        "Generate a key check value",
        (
            Hexadecimal("key type code", 2, Code.KEY_TYPE_CODE),
            Characters("key length flag", 1, b"012F", Code.KEY_LENGTH_FLAG),
            Key("key"),
            Section(b";", (_KEY_TYPE,)),
            Section(b";", (Characters("reserved, KCV type", 3, b"01"),)),
        ),
        (("KCV", "16 H, or 6 H with KCV type 1"),),
        check_value,
    ),
)
