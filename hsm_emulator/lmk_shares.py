"""Shares of LMKs and components of keys, as people write and type them: check values, sheets.

All shares together, by exclusive or, are the key; all but one say nothing about it.
"""
import secrets
from typing import Final

from hsm_emulator.custody import IN_WORDS, KEY_BYTES, Kind
from hsm_emulator.secret_key import AES_, TDES, SecretKey, with_odd_parity

LINE_DIGITS: Final = 32
GROUP_DIGITS: Final = 4
SHARES: Final = range(2, 10)


def new_shares(kind: Kind, count: int) -> list[bytes]:
    """Return random shares; those of DES keys have odd parity, for devices that look at it."""
    shares = [secrets.token_bytes(KEY_BYTES[kind]) for _ in range(count)]
    return shares if kind == "aes" else [with_odd_parity(share) for share in shares]


def share_of(text: str, kind: Kind) -> bytes | None:
    """Read a share as it is written, blanks apart; None if it is none."""
    digits = "".join(text.split())
    try:
        share = bytes.fromhex(digits)
    except ValueError:
        return None
    return share if len(share) == KEY_BYTES[kind] else None


def share_check_value(share: bytes, kind: Kind) -> str:
    """Return six digits by which a custodian recognises the share."""
    if kind == "aes":
        return SecretKey(share, AES_).check_value()[:3].hex().upper()
    if kind == "tdes":
        return SecretKey(share).check_value()[:3].hex().upper()
    total = 0
    for at in range(0, len(share), 16):  # a chain over the pairs, so that none may be exchanged
        total = int.from_bytes(
            SecretKey(share[at : at + 16]).encrypt((total + 1).to_bytes(8))
        ) % (1 << 63)
    return f"{total:016X}"[:6]


def component_check_value(component: str, algorithm: str) -> str | None:
    """Return six digits of the KCV of a component of a key; None if it is none."""
    try:
        clear = bytes.fromhex(component)
    except ValueError:
        return None
    if len(clear) not in ((16, 24, 32) if algorithm == AES_ else (8, 16, 24)):
        return None
    key = SecretKey(clear, AES_ if algorithm == AES_ else TDES)
    return key.check_value()[:3].hex().upper()


def lines_of(share: bytes) -> list[str]:
    """Return the digits in groups of four, thirty-two to a line."""
    digits = share.hex().upper()
    rows = [digits[at : at + LINE_DIGITS] for at in range(0, len(digits), LINE_DIGITS)]
    return [
        " ".join(row[at : at + GROUP_DIGITS] for at in range(0, len(row), GROUP_DIGITS))
        for row in rows
    ]


def sheet(share: bytes, kind: Kind, number: int, count: int) -> str:
    """Return the key sheet of one custodian, to be printed and sealed."""
    rows = "\n".join(f"  {place:>2}   {row}" for place, row in enumerate(lines_of(share), start=1))
    return f"""KEY SHEET                                    keep sealed, show nobody

LMK of kind {IN_WORDS[kind]}, share {number} of {count}

{rows}

Check value of this share: {share_check_value(share, kind)}

Custodian, date, signature: ______________________________________

Enter the digits without the line numbers; blanks do not count. All {count} shares
are needed; fewer say nothing about the key.
"""
