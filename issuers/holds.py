"""What an issuer's ledger says, read beside the running host: open holds, or everything.

`docs/issuer-host.md` names every member.
"""
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from issuers.codes import APPROVALS
from issuers.entry import Effect, Entry, PinVerdict
from issuers.ledger import LISTED

OPEN: Final = "effect = 'hold' AND remaining_minor > 0"
DECIDED: Final = "response_code <> ''"


class NoLedger(Exception):
    """There is no ledger at this path: wrong name, wrong state folder, or the host never ran."""


def holds(path: Path, everything: bool) -> dict[str, Any]:
    """The open holds and their totals; with everything also what was released and decided."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        raise NoLedger(path) from None
    try:
        # One snapshot for all that is said.
        connection.execute("BEGIN")
        listing: dict[str, Any] = {
            "holds": [_hold(entry, everything)
                      for entry in _entries(connection, "effect = 'hold'" if everything else OPEN)],
            "total_minor": _totals(connection),
        }
        if everything:
            decisions = [_decision(entry) for entry in _entries(connection, DECIDED)]
            listing |= {"decisions": decisions, "counters": _counters(decisions)}
        return listing
    except sqlite3.OperationalError:
        raise NoLedger(path) from None
    finally:
        connection.close()


def _entries(connection: sqlite3.Connection, where: str) -> Iterator[Entry]:
    # S608: `where` is one of the constants above.
    rows = connection.execute(f"SELECT {LISTED} FROM entries WHERE {where} ORDER BY id")  # noqa: S608
    return (Entry(*row) for row in rows)


def _totals(connection: sqlite3.Connection) -> dict[str, int]:
    # S608: made of constants of this file.
    totals = {currency: 0 for currency, in connection.execute("SELECT currency FROM currencies")}
    totals.update(connection.execute(
        f"SELECT currency, SUM(remaining_minor) FROM entries WHERE {OPEN} GROUP BY currency"))  # noqa: S608
    return totals


def _hold(entry: Entry, everything: bool) -> dict[str, Any]:
    hold = {
        "pan_masked": entry.pan_masked,
        "rrn": entry.rrn,
        "stan": entry.stan,
        "amount_minor": entry.remaining_minor,
        "currency": entry.currency,
        "at": entry.at,
    }
    if everything:
        hold |= _named(entry) | {"held_minor": entry.moved_minor, "state": _state(entry)}
    return hold


def _decision(entry: Entry) -> dict[str, Any]:
    return _named(entry) | {
        "at": entry.at,
        "stan": entry.stan,
        "rrn": entry.rrn,
        "pan_masked": entry.pan_masked,
        "processing_code": entry.processing_code,
        "amount_minor": entry.amount_minor,
        "transaction_currency": entry.transaction_currency,
        "currency": entry.currency,
        "response_code": entry.response_code,
        "authorization_code": entry.authorization_code,
        "pin_verified": entry.pin == PinVerdict.VERIFIED,
        "effect": entry.effect,
        "moved_minor": entry.moved_minor,
        "remaining_minor": entry.remaining_minor,
        "state": _state(entry),
        "original": entry.original_key,
        "misbehaviour": entry.misbehaviour,
    }


def _named(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "mti": entry.mti,
        "transmission_time": entry.transmission_time,
        "acquirer_id": entry.acquirer_id,
        "forwarder_id": entry.forwarder_id,
        "terminal_id": entry.terminal_id,
        "merchant_id": entry.merchant_id,
        "card": entry.card,
    }


def _state(entry: Entry) -> str:
    if entry.effect not in (Effect.HOLD, Effect.CREDIT):
        return ""
    if entry.remaining_minor == entry.moved_minor:
        return "held"
    return "partially" if entry.remaining_minor else "released"


def _counters(decisions: list[dict[str, Any]]) -> dict[str, int]:
    """Requests only: what an acquirer asked, not what it told."""
    requests = [decision for decision in decisions if decision["mti"][1:3] in ("10", "20")]
    approved = sum(decision["response_code"] in APPROVALS for decision in requests)
    return {
        "approved": approved,
        "declined": len(requests) - approved,
        "pin_verified": sum(decision["pin_verified"] for decision in requests),
    }
