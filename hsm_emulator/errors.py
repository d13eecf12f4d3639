"""The error codes of the host interface, and the exception that carries one to the answer."""
from typing import Final


class Code:
    """Two characters each, as on the wire. A refusal says no more than its code."""

    OK: Final = b"00"
    NOT_VERIFIED: Final = b"01"  # in A7: the imported key had wrong parity and was adjusted
    KEY_TYPE_CODE: Final = b"04"
    KEY_LENGTH_FLAG: Final = b"05"
    SOURCE_PARITY: Final = b"10"
    TARGET_PARITY: Final = b"11"
    LMK_ID: Final = b"13"
    PIN_UNDER_LMK: Final = b"14"
    INPUT: Final = b"15"
    PIN_BLOCK: Final = b"20"
    ACCOUNT: Final = b"22"
    PIN_BLOCK_FORMAT: Final = b"23"
    PIN_LENGTH: Final = b"24"
    DECIMALISATION_TABLE: Final = b"25"
    KEY_SCHEME: Final = b"26"
    KEY_LENGTH: Final = b"27"
    KEY_TYPE: Final = b"28"
    NOT_PERMITTED: Final = b"29"
    INTERNAL: Final = b"41"
    HEADER: Final = b"51"
    COMMAND_DISABLED: Final = b"68"
    FORMAT_DISABLED: Final = b"69"
    REPLICATED_KEY: Final = b"75"
    DATA_LENGTH: Final = b"80"
    LMK_SCHEME: Final = b"A1"
    KEY_BLOCK_LMK_ID: Final = b"A3"
    KEY_BLOCK_MAC: Final = b"A4"
    KEY_BLOCK_LENGTH: Final = b"A5"
    KEY_USAGE: Final = b"A6"
    KEY_ALGORITHM: Final = b"A7"
    MODE_OF_USE: Final = b"A8"
    KEY_BLOCK_VERSION: Final = b"A9"
    EXPORTABILITY: Final = b"AA"
    OPTIONAL_BLOCKS: Final = b"AB"


class Refused(Exception):
    """The command is answered with `code`; nothing else is known outside."""

    def __init__(self, code: bytes) -> None:
        """Carry the two characters of `code`."""
        super().__init__(code.decode("ascii"))
        self.code = code
