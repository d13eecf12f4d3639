"""What the acquirer sent and heard, purchase by purchase, and what its issuers must hold now."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Purchase:
    """One that was sent; forgotten when nothing about it is open."""

    number: int
    time: str  # DE 7
    sent_at: float


@dataclass(slots=True)
class Reversal:
    """Of a purchase nobody answered: repeated until it is."""

    purchase: Purchase
    stan: str
    time: str
    again_at: float
    tries: int = 0


@dataclass(slots=True)
class Book:
    """`approved` is what was heard as approved and not reversed since."""

    open: dict[int, Purchase] = field(default_factory=dict)
    reversals: dict[str, Reversal] = field(default_factory=dict)  # by STAN
    approved: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # DE 39 of purchases

    def heard(self, number: int, code: str) -> Purchase | None:
        """An answer; None where it comes too late, or twice."""
        purchase = self.open.pop(number, None)
        if purchase is None:
            self.counts["late answers"] += 1
            return None
        self.answers[code] += 1
        if code == "00":
            self.approved.add(number)
        return purchase

    def reversed(self, stan: str, code: str, final: tuple[str, ...]) -> None:
        """The answer to a reversal."""
        self.counts[f"reversal answered {code}"] += 1
        if code in final and self.reversals.pop(stan, None) is not None:
            self.counts["reversed"] += 1

    @property
    def is_closed(self) -> bool:
        return not self.open and not self.reversals


def added_up(books: list[Book]) -> Book:
    """Of acquirers that use different numbers."""
    whole = Book()
    for place, book in enumerate(books):
        whole.open |= book.open
        whole.reversals |= {f"{place}/{stan}": one for stan, one in book.reversals.items()}
        whole.approved |= book.approved
        whole.counts += book.counts
        whole.answers += book.answers
    return whole
