"""The response codes an issuer host gives, by name."""
from enum import StrEnum


class ResponseCode(StrEnum):
    APPROVED = "00"
    CARD_CHECK_FAILED = "05"
    APPROVED_IN_PART = "10"
    INVALID_TRANSACTION = "12"
    INVALID_AMOUNT = "13"
    NO_SUCH_CARD = "14"
    ORIGINAL_NOT_FOUND = "25"
    FORMAT_ERROR = "30"
    LOST_CARD = "41"
    STOLEN_CARD = "43"
    INSUFFICIENT_FUNDS = "51"
    EXPIRED_CARD = "54"
    INCORRECT_PIN = "55"
    CLOSED_TO_E_COMMERCE = "57"
    EXCEEDS_LIMIT = "61"
    RESTRICTED_CARD = "62"
    SECURITY_VIOLATION = "63"
    PIN_TRIES_EXCEEDED = "75"
    PIN_BLOCK_UNACCEPTABLE = "89"
    NOT_SIGNED_ON = "91"
    DUPLICATE = "94"
    MALFUNCTION = "96"


APPROVALS = frozenset({ResponseCode.APPROVED, ResponseCode.APPROVED_IN_PART})
