"""When a key may be used: the optional blocks of a Thales key block that say so.

Identifiers and forms are as remembered from public descriptions, confirmed by no open source: 00
key status (E expired, L live, P pending, R revoked, T test), 03 valid from and 04 valid to
(YYYY:MM:DD:HH), 05 text.
"""
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.optional_blocks import OptionalBlock

STATUS: Final = "00"
VALID_FROM: Final = "03"
VALID_TO: Final = "04"
BOUNDED: Final = frozenset((STATUS, VALID_FROM, VALID_TO))
_DATE: Final = "%Y:%m:%d:%H"
_STATUSES: Final = {
    "L": None, "T": None, "P": Code.NOT_YET_VALID,
    "E": Code.NO_LONGER_VALID, "R": Code.NO_LONGER_VALID,
}  # fmt: skip


def now_utc() -> datetime:
    """Return the time that validity is judged by."""
    return datetime.now(UTC)


def is_bounded(blocks: Sequence[OptionalBlock]) -> bool:
    """Say whether the key may stop being valid: then it is judged at each use."""
    return any(block.identifier in BOUNDED for block in blocks)


def check_validity(blocks: Sequence[OptionalBlock], now: datetime) -> None:
    """Refuse a key before its first and after its last hour, and one that is not in use."""
    for block in blocks:
        match block.identifier:
            case "00":
                if block.text not in _STATUSES:
                    raise Refused(Code.OPTIONAL_BLOCKS)
                refusal = _STATUSES[block.text]
                if refusal is not None:
                    raise Refused(refusal)
            case "03":
                if now < _hour(block.text, Code.NOT_YET_VALID):
                    raise Refused(Code.NOT_YET_VALID)
            case "04":
                if now >= _hour(block.text, Code.NO_LONGER_VALID):
                    raise Refused(Code.NO_LONGER_VALID)


def _hour(text: str, code: bytes) -> datetime:
    try:
        return datetime.strptime(text, _DATE).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(code) from None
