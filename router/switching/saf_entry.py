"""One store-and-forward entry as it stands in memory: stored, sent, then acknowledged or parked."""

from specs.journal_format import Stored


class SafEntry:
    """Its record, and how far its delivery is. Its numbers are kept over all repeats."""

    __slots__ = (
        "due",
        "first_not_found",
        "has_left",
        "is_durable",
        "is_out",
        "refusals",
        "stored",
        "tries",
    )

    def __init__(self, stored: Stored, is_durable: bool, has_left: bool) -> None:
        self.stored = stored
        self.is_durable = is_durable
        self.has_left = has_left  # flagged repeat from now on
        self.is_out = False  # waits for its response
        self.due = 0.0
        self.tries = 0
        self.refusals = 0
        self.first_not_found = 0.0
