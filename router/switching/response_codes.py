"""DE 39 as the router itself decides it (1987 codes), and how the HSM's errors become codes."""

from typing import Final


class ResponseCode:
    """What the router answers with; docs/response-codes.md lists them in order of precedence."""

    APPROVED: Final = "00"
    INVALID_TRANSACTION: Final = "12"
    INVALID_AMOUNT: Final = "13"
    INVALID_CARD: Final = "14"
    NO_SUCH_ISSUER: Final = "15"
    FORMAT_ERROR: Final = "30"
    EXPIRED_CARD: Final = "54"
    INCORRECT_PIN: Final = "55"
    NOT_PERMITTED_TO_CARD: Final = "57"
    NOT_PERMITTED_TO_TERMINAL: Final = "58"
    EXCEEDS_AMOUNT_LIMIT: Final = "61"
    EXCEEDS_COUNT_LIMIT: Final = "65"
    PIN_TRIES_EXCEEDED: Final = "75"
    CARD_CHECK_FAILED: Final = "82"
    PIN_NOT_POSSIBLE: Final = "86"
    CRYPTOGRAPHIC_FAILURE: Final = "88"
    PIN_BLOCK_UNACCEPTABLE: Final = "89"
    ISSUER_INOPERATIVE: Final = "91"
    NO_ROUTE: Final = "92"
    DUPLICATE: Final = "94"
    SYSTEM_MALFUNCTION: Final = "96"


NOT_FOUND: Final = "25"  # of an original, in a response to a reversal
TRY_AGAIN: Final = frozenset(("91", "96", "90", "68"))  # no end of a store-and-forward entry

_OF_HSM_ERROR: Final = {
    "": ResponseCode.PIN_NOT_POSSIBLE,  # no answer
    "20": ResponseCode.PIN_BLOCK_UNACCEPTABLE,
    "24": ResponseCode.PIN_BLOCK_UNACCEPTABLE,
    "23": ResponseCode.CRYPTOGRAPHIC_FAILURE,
    "69": ResponseCode.CRYPTOGRAPHIC_FAILURE,
}


def code_of_hsm_error(hsm_error: str) -> str:
    """What a PIN transaction hears; key errors are ours, hence 96."""
    return _OF_HSM_ERROR.get(hsm_error, ResponseCode.SYSTEM_MALFUNCTION)


def points_at_a_key(hsm_error: str) -> bool:
    """88 and 96: not this customer's PIN but a key, ours or a peer's, is wrong."""
    code = code_of_hsm_error(hsm_error)
    return code in (ResponseCode.CRYPTOGRAPHIC_FAILURE, ResponseCode.SYSTEM_MALFUNCTION)
