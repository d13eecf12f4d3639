"""What the demo acquirer sent and what it heard: its side of the comparison with the ledgers."""
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

INQUIRIES = ("30", "31")
RRN_CHARACTERS = 12
DIGITS_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Undo(StrEnum):
    """Where the reversal of a transaction stands."""

    NONE = "none"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"


@dataclass(slots=True)
class Entry:
    """One request of the acquirer: what it asked, what it heard, whether it took it back."""

    rrn: str
    link: str
    issuer: str  # that the card belongs to; empty: nobody's
    pan_masked: str
    processing_code: str
    amount_minor: int
    currency: str
    pin: str  # "right", "wrong" or "" where none was entered
    sent_at: float
    heard: str = ""  # DE 39
    heard_at: float = 0.0
    gave_up: bool = False  # nothing was heard in time
    undo: Undo = Undo.NONE
    faults: list[str] = field(default_factory=list)  # seen on the wire: answered twice, altered

    @property
    def is_inquiry(self) -> bool:
        return self.processing_code[:2] in INQUIRIES

    @property
    def is_approved(self) -> bool:
        return self.heard == "00"

    @property
    def is_timed_out(self) -> bool:
        """No answer, or the switch's word that the issuer gave none (91)."""
        return self.heard in {"91", "68"} or (not self.heard and self.gave_up)

    @property
    def is_open(self) -> bool:
        """Still waits for an answer, or for the acknowledgement of its reversal."""
        return (not self.heard and not self.gave_up) or self.undo is Undo.SENT


class BookIsFull(Exception):
    """The acquirer stops; its book is compared as it stands."""


class Book:
    """All entries of one run by RRN, and what arrived that nobody asked for."""

    def __init__(self, tag: str, entries_max: int) -> None:
        self.tag = tag  # the first characters of every RRN of this run
        self.strays: list[str] = []  # answers that match nothing
        self._entries: dict[str, Entry] = {}
        self._entries_max = entries_max
        self._strays_max = 100
        self._written = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    @property
    def is_full(self) -> bool:
        return len(self._entries) >= self._entries_max

    @property
    def open_entries(self) -> int:
        return sum(entry.is_open for entry in self)

    def next_rrn(self) -> str:
        """Unique in this run, and by its tag apart from anybody else's."""
        return self.tag + base_36(self._written + 1, RRN_CHARACTERS - len(self.tag))

    def write(self, entry: Entry) -> None:
        if self.is_full:
            raise BookIsFull
        self._entries[entry.rrn] = entry
        self._written += 1

    def get(self, rrn: str) -> Entry | None:
        return self._entries.get(rrn)

    def forget(self, rrns: Iterable[str]) -> None:
        """They are compared, and nothing can come of them any more."""
        for rrn in rrns:
            del self._entries[rrn]

    def note_stray(self, what: str) -> None:
        if len(self.strays) < self._strays_max:
            self.strays.append(what)


def run_tag(now: float) -> str:
    """Six characters that differ from run to run for months: a kept state confuses nobody."""
    return "D" + base_36(int(now * 10), 5)


def base_36(number: int, width: int) -> str:
    """The last digits of a number."""
    text = ""
    for _ in range(width):
        number, place = divmod(number, len(DIGITS_36))
        text = DIGITS_36[place] + text
    return text


def masked(pan: str) -> str:
    """First six, last four."""
    return f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}"
