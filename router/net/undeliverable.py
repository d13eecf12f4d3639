"""What the journal owes to issuers that are not configured any more."""
from collections import Counter
from collections.abc import Iterable

from specs.journal_format import Stored


def left_without(stored: Iterable[Stored], configured: set[str]) -> dict[str, int]:
    """Of entries without their end: issuers that are not configured, and how many they are owed."""
    return Counter(one.issuer for one in stored if one.issuer not in configured)
