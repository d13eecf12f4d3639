"""Commands that encipher (M0) and decipher (M2) data under a data key, ECB or CBC."""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, CountedLast, Digits, Hexadecimal
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_fields import ChainingValue, Key
from hsm_emulator.key_types import data_roles, role_of
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk

_ECB, _CBC = b"00", b"01"
_HEXADECIMAL: Final = b"1"
_ENCIPHERING: Final = data_roles("BEN")
_DECIPHERING: Final = data_roles("BDN")


def encipher(
    lmk: Lmk,
    mode: bytes,
    form: bytes,
    answer_form: bytes,
    key_type: bytes,
    cryptogram: bytes,
    start: bytes,
    counted: bytes,
    message: bytes,
) -> bytes:
    role = role_of(_ENCIPHERING, key_type)
    key = lmk.key(cryptogram, role, Code.SOURCE_PARITY)
    clear = _blocks(message, form, key.block_bytes)
    vector = from_hexadecimal(start)
    done = key.encrypt_cbc(clear, vector) if mode == _CBC else key.encrypt(clear)
    return _answer(done, answer_form, counted)


def decipher(
    lmk: Lmk,
    mode: bytes,
    form: bytes,
    answer_form: bytes,
    key_type: bytes,
    cryptogram: bytes,
    start: bytes,
    counted: bytes,
    message: bytes,
) -> bytes:
    role = role_of(_DECIPHERING, key_type)
    key = lmk.key(cryptogram, role, Code.SOURCE_PARITY)
    enciphered = _blocks(message, form, key.block_bytes)
    vector = from_hexadecimal(start)
    done = key.decrypt_cbc(enciphered, vector) if mode == _CBC else key.decrypt(enciphered)
    return _answer(done, answer_form, counted)


def _blocks(message: bytes, form: bytes, block_bytes: int) -> bytes:
    """Return the bytes meant; cipher contexts are kept, so only whole blocks may reach them."""
    blocks = from_hexadecimal(message) if form == _HEXADECIMAL else message
    if not blocks or len(blocks) % block_bytes:
        raise Refused(Code.DATA_LENGTH)
    return blocks


def _answer(done: bytes, form: bytes, counted: bytes) -> bytes:
    """Write the data with its length, in characters unless the request counted bytes."""
    text = in_hexadecimal(done) if form == _HEXADECIMAL else done
    length = len(done) if counted == CountedLast.BYTES else len(text)
    return Code.OK + b"%04X" % length + text


_REQUEST: Final = (
    Digits("mode (00 ECB, 01 CBC)", 2),
    Characters("input format (0 binary, 1 hexadecimal, 2 text)", 1, b"012"),
    Characters("output format (0 binary, 1 hexadecimal, 2 text)", 1, b"012"),
    Hexadecimal("key type", 3, Code.KEY_TYPE),
    Key("key"),
    ChainingValue("initial vector", mode_at=0, key_at=4, modes=(_CBC,), others=(_ECB,)),
    CountedLast("data", form_at=1),
)
_ANSWER: Final = (("length of data", "4 H"), ("data", "as counted"))

COMMANDS: Final = (
    Command("M0", "Encipher data", _REQUEST, _ANSWER, encipher),
    Command("M2", "Decipher data", _REQUEST, _ANSWER, decipher),
)
