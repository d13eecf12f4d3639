"""Keys as a configuration writes them: cryptograms under the LMK, judged by their form alone."""

import re
from typing import Final

from router.net.mistakes import Wrong

TAGGED: Final = {"U": 32, "X": 32, "T": 48, "Y": 48}  # digits that follow
KEY_BLOCK_HEADER: Final = re.compile(
    r"S[01][0-9]{4}[A-Z0-9]{2}[ADEHRT][A-Z][A-Z0-9]{2}[ENS][0-9]{2}[A-Z0-9]{2}"
)
KEY_BLOCK_ALGORITHM: Final = 8  # its place, the tag counted
RIGHT: Final = "U and 32 hexadecimal digits, T and 48, or a key block: S and its header"


def check_key(cryptogram: str) -> None:
    """Raises Wrong. The text itself is never repeated."""
    if cryptogram.startswith("S"):
        check_key_block(cryptogram)
        return
    digits = TAGGED.get(cryptogram[:1])
    if digits is None:
        raise Wrong("has no key scheme in front", RIGHT)
    if re.fullmatch(r"[0-9A-F]*", cryptogram[1:]) is None:
        raise Wrong("holds other characters than hexadecimal digits in capitals", RIGHT)
    if len(cryptogram) != digits + 1:
        tag = cryptogram[0]
        raise Wrong(f"has {len(cryptogram) - 1} digits after {tag}", f"{digits} digits after {tag}")


def check_key_block(cryptogram: str) -> None:
    """Header and length of a Thales key block."""
    if KEY_BLOCK_HEADER.match(cryptogram) is None:
        raise Wrong("has no key block header", "S and 16 characters, such as S00072P0TE00N0000")
    stated = int(cryptogram[2:6])
    if stated != len(cryptogram) - 1:
        right = f"{stated}, as its header says"
        raise Wrong(f"has {len(cryptogram) - 1} characters after S", right)


def is_aes(cryptogram: str) -> bool:
    """Of a cryptogram in good form: only a key block can hold an AES key."""
    return cryptogram.startswith("S") and cryptogram[KEY_BLOCK_ALGORITHM] == "A"
