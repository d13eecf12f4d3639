"""What error codes mean, in words: for the manual and for whoever decodes an answer."""
from collections.abc import Mapping
from typing import Final

from hsm_emulator.errors import Code

MEANINGS: Final = {
    Code.OK: "done",
    Code.NOT_VERIFIED: "not verified; of a key taken in: it came with even parity",
    Code.KEY_UNUSUAL: "done, with a key of unusual length",
    Code.COMPONENTS: "number or kind of components, or a scheme that is not defined",
    Code.KEY_TYPE_CODE: "key type code",
    Code.KEY_LENGTH_FLAG: "key length flag",
    Code.SOURCE_PARITY: "parity or wrong type of the first key",
    Code.TARGET_PARITY: "parity or wrong type of the second key",
    Code.LMK_ID: "no such LMK",
    Code.PIN_UNDER_LMK: "PIN under the LMK",
    Code.INPUT: "malformed",
    Code.NOT_AUTHORISED: "not authorised",
    Code.PIN_BLOCK: "PIN block",
    Code.INDEX: "index",
    Code.ACCOUNT: "account",
    Code.PIN_BLOCK_FORMAT: "PIN block format, or a translation that is not allowed",
    Code.PIN_LENGTH: "PIN length",
    Code.DECIMALISATION_TABLE: "decimalisation table",
    Code.KEY_SCHEME: "key scheme",
    Code.KEY_LENGTH: "key length",
    Code.KEY_TYPE: "key type",
    Code.NOT_PERMITTED: "not permitted",
    Code.FRAUD: "too many wrong PINs",
    Code.INTERNAL: "a defect of the emulator; its log has the place",
    Code.HEADER: "no command behind the header",
    Code.SUBCOMMANDS: "number of sub-commands",
    Code.NOT_LICENSED: "not licensed",
    Code.COMMAND_DISABLED: "unknown or disabled command",
    Code.FORMAT_DISABLED: "PIN block format is disabled",
    Code.REPLICATED_KEY: "weak or repeated key",
    Code.DATA_LENGTH: "data length",
    Code.CHECK_VALUE_LENGTH: "length of a check value",
    Code.KEY_BLOCK_FORMAT: "form of a key block",
    Code.KEY_BLOCK_CHECK_VALUE: "check value of a key block",
    Code.LMK_SCHEME: "key of the other kind of LMK",
    Code.KEY_BLOCK_LMK_ID: "key block of another LMK",
    Code.KEY_BLOCK_MAC: "altered key block",
    Code.KEY_BLOCK_LENGTH: "length of a key block",
    Code.KEY_USAGE: "usage of a key block",
    Code.KEY_ALGORITHM: "algorithm of a key block",
    Code.MODE_OF_USE: "mode of use of a key block",
    Code.KEY_BLOCK_VERSION: "version of a key block",
    Code.EXPORTABILITY: "exportability of a key block",
    Code.OPTIONAL_BLOCKS: "optional blocks of a key block",
    Code.OPTIONAL_BLOCK_REPEATED: "an optional block twice",
    Code.OPTIONAL_BLOCK_TYPE: "kind of an optional block",
    Code.NOT_YET_VALID: "key not yet valid",
    Code.NO_LONGER_VALID: "key no longer valid",
}

# Codes that some commands give a meaning of their own.
_OF_MACS: Final = {
    b"02": "mode", b"03": "input format", b"04": "algorithm", b"05": "key type", b"09": "padding"
}  # fmt: skip
_OF_DATA: Final = {
    b"02": "mode", b"03": "input format", b"04": "output format", b"05": "key type",
    b"07": "target mode", b"08": "target key type",
}  # fmt: skip
_OF_EMV: Final = {
    b"03": "a MAC with a scheme that has none", b"04": "mode", b"05": "scheme", b"06": "wrong MAC",
    b"52": "tree", b"81": "no transaction data",
}  # fmt: skip
_OWN: Final[Mapping[str, Mapping[bytes, str]]] = {
    **dict.fromkeys(("M6", "M8", "MY"), _OF_MACS),
    **dict.fromkeys(("M0", "M2", "M4"), _OF_DATA),
    **dict.fromkeys(("KQ", "KW"), _OF_EMV),
}


def meaning_of(code: bytes, command: str) -> str | None:
    """Return what a code means as the answer of this command; None: no code of this device."""
    return _OWN.get(command, {}).get(code) or MEANINGS.get(code)
