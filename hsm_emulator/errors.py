"""The error codes of the host interface, and the exception that carries one to the answer."""
from typing import Final


class Code:
    """Two characters each, as on the wire. A refusal says no more than its code."""

    OK: Final = b"00"
    NOT_VERIFIED: Final = b"01"  # in A7: the imported key had wrong parity and was adjusted
    KEY_UNUSUAL: Final = b"02"  # a warning: done, with a key of unusual length; the answer follows
    COMPONENTS: Final = b"03"  # number of components, or their scheme
    KEY_TYPE_CODE: Final = b"04"
    KEY_LENGTH_FLAG: Final = b"05"
    SOURCE_PARITY: Final = b"10"
    TARGET_PARITY: Final = b"11"
    LMK_ID: Final = b"13"
    PIN_UNDER_LMK: Final = b"14"
    INPUT: Final = b"15"
    NOT_AUTHORISED: Final = b"17"
    PIN_BLOCK: Final = b"20"
    INDEX: Final = b"21"
    ACCOUNT: Final = b"22"
    PIN_BLOCK_FORMAT: Final = b"23"
    PIN_LENGTH: Final = b"24"
    DECIMALISATION_TABLE: Final = b"25"
    KEY_SCHEME: Final = b"26"
    KEY_LENGTH: Final = b"27"
    KEY_TYPE: Final = b"28"
    NOT_PERMITTED: Final = b"29"
    FRAUD: Final = b"39"
    INTERNAL: Final = b"41"
    HEADER: Final = b"51"
    SUBCOMMANDS: Final = b"52"
    NOT_LICENSED: Final = b"67"
    COMMAND_DISABLED: Final = b"68"
    FORMAT_DISABLED: Final = b"69"
    REPLICATED_KEY: Final = b"75"
    DATA_LENGTH: Final = b"80"
    CHECK_VALUE_LENGTH: Final = b"82"
    KEY_BLOCK_FORMAT: Final = b"83"
    KEY_BLOCK_CHECK_VALUE: Final = b"84"
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
    OPTIONAL_BLOCK_REPEATED: Final = b"AC"
    OPTIONAL_BLOCK_TYPE: Final = b"AD"
    NOT_YET_VALID: Final = b"AE"
    NO_LONGER_VALID: Final = b"AF"


class Refused(Exception):
    """The command is answered with `code`; nothing else is known outside."""

    def __init__(self, code: bytes) -> None:
        """Carry the two characters of `code`."""
        super().__init__(code.decode("ascii"))
        self.code = code


def place_of(error: BaseException) -> dict[str, str]:
    """Return kind and place of an exception for the log; its words may hold keys."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return {"error": type(error).__name__, "place": where}
