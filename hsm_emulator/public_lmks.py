"""The LMKs that everyone knows, printed in manuals and open emulators. They protect nothing."""
from typing import Final

from hsm_emulator.key_block_lmk import KeyBlockLmk
from hsm_emulator.lmk import Lmk
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import AES_, SecretKey
from hsm_emulator.variant_lmk import VariantLmk

# Pairs 00-01 to 38-39, sixteen bytes each (ThalesSim and go_hsm agree).
VARIANT_PAIRS: Final = tuple(
    bytes.fromhex(pair)
    for pair in (
        "01010101010101017902CD1FD36EF8BA", "20202020202020203131313131313131",
        "40404040404040405151515151515151", "61616161616161617070707070707070",
        "80808080808080809191919191919191", "A1A1A1A1A1A1A1A1B0B0B0B0B0B0B0B0",
        "C1C1010101010101D0D0010101010101", "E0E0010101010101F1F1010101010101",
        "1C587F1C13924FEF0101010101010101", "01010101010101010101010101010101",
        "02020202020202020404040404040404", "07070707070707071010101010101010",
        "13131313131313131515151515151515", "16161616161616161919191919191919",
        "1A1A1A1A1A1A1A1A1C1C1C1C1C1C1C1C", "23232323232323232525252525252525",
        "26262626262626262929292929292929", "2A2A2A2A2A2A2A2A2C2C2C2C2C2C2C2C",
        "2F2F2F2F2F2F2F2F3131313131313131", "01010101010101010101010101010101",
    )
)  # fmt: skip
TDES_KEY_BLOCK: Final = bytes.fromhex("0123456789ABCDEF8080808080808080FEDCBA9876543210")
AES_KEY_BLOCK: Final = bytes.fromhex(
    "9B71333A13F9FAE72F9D0E2DAB4AD6784718012F9244033F3F26A2DE0C8AA11A"
)

# What NC answers: a label for each, since no published rule makes a check value for an LMK.
_CHECK_VALUES: Final = (b"2686040000000000", b"1651260000000000", b"9D04A00000000000")


def variant_lmk(rules: Rules = STRICT) -> VariantLmk:
    """Return LMK 00."""
    return VariantLmk(VARIANT_PAIRS, _CHECK_VALUES[0], rules)


def by_identifier(rules: Rules = STRICT) -> dict[bytes, Lmk]:
    """Return the LMKs a device starts with: 00 variant, 01 TDES key block, 02 AES key block."""
    return {
        b"00": variant_lmk(rules),
        b"01": KeyBlockLmk("01", SecretKey(TDES_KEY_BLOCK), _CHECK_VALUES[1], rules),
        b"02": KeyBlockLmk("02", SecretKey(AES_KEY_BLOCK, AES_), _CHECK_VALUES[2], rules),
    }
