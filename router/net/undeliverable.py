"""What the journal owes to issuers that are not configured any more."""
from collections import Counter

from specs.journal_format import Ended, Record, Stored


def left_without(records: list[Record], configured: set[str]) -> dict[str, int]:
    """Issuers that are not configured any more, and how many stored entries they are owed."""
    owed = {
        record.id: record.issuer
        for record in records if isinstance(record, Stored) and record.issuer not in configured
    }
    for record in records:
        if isinstance(record, Ended) and not record.parked:
            owed.pop(record.id, None)
    return Counter(owed.values())
