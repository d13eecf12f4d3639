"""Keys of every type, usage, algorithm, length and form, for requests to be fuzzed with.

Altered characters make few keys that are whole; these are, and so reach what lies behind them.
"""
import itertools
import random
from collections.abc import Iterator
from typing import Final

from hsm_emulator.device import COMMANDS
from hsm_emulator.errors import Refused
from hsm_emulator.key_block import Attributes
from hsm_emulator.layout import parsed
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import DES, TDES, SecretKey, with_odd_parity

_TYPES: Final = (
    "000", "001", "002", "003", "008", "009", "609", "809", "00A", "00B", "30B", "109", "209",
    "302", "309", "402",
)  # fmt: skip
_USAGES: Final = (
    "K0", "K1", "51", "52", "P0", "71", "72", "B0", "41", "42", "B1", "V0", "V1", "V2", "C0", "E0",
    "E1", "E2", "M0", "M1", "M3", "M6", "D0", "21",
)  # fmt: skip
_SCHEMES: Final = {8: b"Z", 16: b"U", 24: b"T"}
_BARE: Final = {b"": (16, 32, 48), b"X": (32,), b"Y": (48,), b"Z": (16,)}
_LENGTHS: Final = {"T": (8, 16, 24), "D": (8,), "A": (16, 24, 32), "H": (16, 40)}


def keys_of_all_kinds(dice: random.Random) -> list[bytes]:
    """Return cryptograms under the public test LMKs, and digits that may be some."""
    return [*_variant(dice), *_blocks(dice), *_digits(dice)]


def with_other_keys(request: bytes, keys: list[bytes], dice: random.Random) -> bytes:
    """Put others of these in the place of a request's keys, most of the time."""
    command = COMMANDS[request[:2]]
    try:
        values = parsed(command, request[2:]).values
    except Refused:
        return request
    for place in command.key_places:
        if values[place] and dice.random() < 0.7:
            request = request.replace(values[place], dice.choice(keys), 1)
    return request


def _variant(dice: random.Random) -> Iterator[bytes]:
    lmk = by_identifier(LEGACY)[b"00"]
    for key_type in _TYPES:
        for length, scheme in _SCHEMES.items():
            key = SecretKey(with_odd_parity(dice.randbytes(length)))
            yield lmk.wrapped(key, key_type.encode(), scheme, None)


def _blocks(dice: random.Random) -> Iterator[bytes]:
    lmks = by_identifier(LEGACY)
    for usage, (algorithm, lengths) in itertools.product(_USAGES, _LENGTHS.items()):
        said = Attributes(usage, algorithm, dice.choice("NBX"), "00", "E")
        for clear in map(dice.randbytes, lengths):
            if algorithm in (TDES, DES):
                key = SecretKey(with_odd_parity(clear))
                yield lmks[b"01"].wrapped(key, b"FFF", b"S", said)
            else:
                key = SecretKey(clear, algorithm)
            yield lmks[b"02"].wrapped(key, b"FFF", b"S", said)


def _digits(dice: random.Random) -> Iterator[bytes]:
    for tag, widths in _BARE.items():
        for width in widths:
            yield tag + dice.randbytes(width // 2).hex().upper().encode()
