"""Commands that encipher (M0), decipher (M2) and translate (M4) data under data keys.

The keys are those of hosts, zones and terminals, or those that a terminal derives for one
transaction (DUKPT).
"""
from collections.abc import Callable
from typing import Final, NamedTuple

from hsm_emulator.data_fields import DataMode, InitialVector, TypedKey
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, CountedLast
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_types import (
    BDK_2,
    BDKS_TO_DECIPHER,
    BDKS_TO_ENCIPHER,
    KeyRole,
    data_roles,
    role_of,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import SecretKey
from hsm_emulator.terminal_keys import DATA_REQUEST, DATA_RESPONSE, Purpose, terminal_key

# Codes with a meaning of their own in these commands.
_MODE, _FORM, _ANSWER_FORM, _KEY_TYPE = b"02", b"03", b"04", b"05"
_TARGET_MODE, _TARGET_KEY_TYPE = b"07", b"08"

_CODES: Final = {
    _MODE: "mode",
    _FORM: "input format",
    _ANSWER_FORM: "output format",
    _KEY_TYPE: "key type",
}
_TRANSLATION_CODES: Final = {
    **_CODES, _TARGET_MODE: "target mode", _TARGET_KEY_TYPE: "target key type"
}  # fmt: skip

_ECB, _CBC, _CFB_8 = b"00", b"01", b"02"
_HEXADECIMAL: Final = b"1"


class _Direction(NamedTuple):
    """The roles of data keys and of BDKs; what for a terminal of the second kind has its keys."""

    own: tuple[KeyRole, ...]
    bdks: tuple[KeyRole, ...]
    one_way: Purpose


_ENCIPHERING: Final = _Direction(data_roles("BEN"), BDKS_TO_ENCIPHER, DATA_RESPONSE)
_DECIPHERING: Final = _Direction(data_roles("BDN"), BDKS_TO_DECIPHER, DATA_REQUEST)


def encipher(lmk: Lmk, *request: bytes) -> bytes:
    return _done(lmk, _ENCIPHERING, _enciphered, *request)


def decipher(lmk: Lmk, *request: bytes) -> bytes:
    return _done(lmk, _DECIPHERING, _deciphered, *request)


def _done(
    lmk: Lmk,
    direction: _Direction,
    work: Callable[[SecretKey, bytes, bytes, bytes], bytes],
    mode: bytes,
    form: bytes,
    answer_form: bytes,
    key_type: bytes,
    cryptogram: bytes,
    ksn: bytes,
    start: bytes,
    counted: bytes,
    message: bytes,
) -> bytes:
    key = _key(lmk, direction, key_type, cryptogram, ksn)
    return _answer(work(key, mode, _octets(message, form), start), answer_form, counted)


def translate(
    lmk: Lmk,
    mode: bytes,
    target_mode: bytes,
    form: bytes,
    answer_form: bytes,
    key_type: bytes,
    cryptogram: bytes,
    ksn: bytes,
    target_key_type: bytes,
    target_cryptogram: bytes,
    target_ksn: bytes,
    start: bytes,
    target_start: bytes,
    counted: bytes,
    message: bytes,
) -> bytes:
    key = _key(lmk, _DECIPHERING, key_type, cryptogram, ksn)
    target = _key(
        lmk, _ENCIPHERING, target_key_type, target_cryptogram, target_ksn,
        _TARGET_KEY_TYPE, Code.TARGET_PARITY,
    )  # fmt: skip
    clear = _deciphered(key, mode, _octets(message, form), start)
    return _answer(_enciphered(target, target_mode, clear, target_start), answer_form, counted)


def _key(
    lmk: Lmk,
    direction: _Direction,
    key_type: bytes,
    cryptogram: bytes,
    ksn: bytes,
    type_code: bytes = _KEY_TYPE,
    parity_code: bytes = Code.SOURCE_PARITY,
) -> SecretKey:
    role = role_of(direction.bdks if ksn else direction.own, key_type, lmk.rules, type_code)
    key = lmk.key(cryptogram, role, parity_code)
    if not ksn:
        return key
    return terminal_key(key, ksn, direction.one_way if key_type == BDK_2 else DATA_REQUEST)


def _enciphered(key: SecretKey, mode: bytes, clear: bytes, start: bytes) -> bytes:
    _check_length(clear, mode, key.block_bytes)
    if mode == _ECB:
        return key.encrypt(clear)
    vector = from_hexadecimal(start)
    if mode == _CBC:
        return key.encrypt_cbc(clear, vector)
    return key.encrypt_cfb(clear, vector, 1 if mode == _CFB_8 else key.block_bytes)


def _deciphered(key: SecretKey, mode: bytes, enciphered: bytes, start: bytes) -> bytes:
    _check_length(enciphered, mode, key.block_bytes)
    if mode == _ECB:
        return key.decrypt(enciphered)
    vector = from_hexadecimal(start)
    if mode == _CBC:
        return key.decrypt_cbc(enciphered, vector)
    return key.decrypt_cfb(enciphered, vector, 1 if mode == _CFB_8 else key.block_bytes)


def _check_length(octets: bytes, mode: bytes, block_bytes: int) -> None:
    """Refuse no data, and broken blocks: ECB contexts are kept, so none may reach them."""
    if not octets or (mode in (_ECB, _CBC) and len(octets) % block_bytes):
        raise Refused(Code.DATA_LENGTH)


def _octets(message: bytes, form: bytes) -> bytes:
    return from_hexadecimal(message) if form == _HEXADECIMAL else message


def _answer(done: bytes, form: bytes, counted: bytes) -> bytes:
    """Write the data with its length, in characters unless the request counted bytes."""
    text = in_hexadecimal(done) if form == _HEXADECIMAL else done
    length = len(done) if counted == CountedLast.BYTES else len(text)
    return Code.OK + b"%04X" % length + text


_FORMS: Final = (
    Characters("input format (0 binary, 1 hexadecimal, 2 text)", 1, b"012", _FORM),
    Characters("output format (0 binary, 1 hexadecimal, 2 text)", 1, b"012", _ANSWER_FORM),
)
_REQUEST: Final = (
    DataMode("mode", _MODE),
    *_FORMS,
    TypedKey("key", code=_KEY_TYPE),
    InitialVector("initial vector", mode_at=0, key_at=4),
    CountedLast("data", form_at=1),
)
_ANSWER: Final = (("length of data", "4 H"), ("data", "as counted"))

COMMANDS: Final = (
    Command("M0", "Encipher data", _REQUEST, _ANSWER, encipher, codes=_CODES),
    Command("M2", "Decipher data", _REQUEST, _ANSWER, decipher, codes=_CODES),
    Command(
        "M4",
        "Translate data from one key to another",
        (
            DataMode("mode", _MODE),
            DataMode("target mode", _TARGET_MODE),
            *_FORMS,
            TypedKey("key", code=_KEY_TYPE),
            TypedKey("target key", code=_TARGET_KEY_TYPE),
            InitialVector("initial vector", mode_at=0, key_at=5),
            InitialVector("target initial vector", mode_at=1, key_at=8),
            CountedLast("data", form_at=2),
        ),
        _ANSWER,
        translate,
        codes=_TRANSLATION_CODES,
    ),
)
