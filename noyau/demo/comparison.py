"""The acquirer's book against the issuers' ledgers: which promises were kept, which were not.

Knows nothing of the router and asks it nothing: what it says of itself proves nothing.
"""
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from noyau.demo.accounts import Account, account_of
from noyau.demo.book import Book, Entry, Undo
from noyau.demo.ledgers import Posting, Postings

VIOLATIONS_MAX = 100  # listed; the rest are counted
SWITCH_SAYS = frozenset({"91", "96", "68", "94"})  # whatever the issuer decided


@dataclass(slots=True)
class IssuerFigures:
    """What one issuer's ledger and the acquirer agree on."""

    approved: int = 0
    declined: int = 0
    pin_verified: int = 0


class Outcome:
    """The figures of a run, and what was found broken; made entry by entry."""

    def __init__(self, issuers: Iterable[str]) -> None:
        self.transactions = 0
        self.approved = 0
        self.declined = 0
        self.timed_out = 0
        self.reversed = 0
        self.accounts: Counter[Account] = Counter()
        self.violations: list[str] = []
        self.issuers = {name: IssuerFigures() for name in issuers}

    def add(self, entry: Entry, posted: Sequence[Posting]) -> None:
        """One transaction, whatever became of it."""
        self.transactions += 1
        self.approved += is_agreed(entry, posted)
        self.declined += is_declined(entry)
        self.timed_out += entry.is_timed_out
        self.reversed += entry.undo is Undo.ACKNOWLEDGED
        faults = list(broken(entry, posted))
        self.violations.extend(f"{named(entry)}: {what}" for what in faults)
        self.accounts[Account.UNACCOUNTED if faults else account_of(entry, posted)] += 1
        for name in {one.issuer for one in posted}:
            self._add_to(self.issuers[name], entry, [one for one in posted if one.issuer == name])

    def _add_to(self, figures: IssuerFigures, entry: Entry, posted: Sequence[Posting]) -> None:
        agreed = is_agreed(entry, posted)
        figures.approved += agreed
        figures.pin_verified += agreed and entry.pin == "right" and any(
            one.pin_verified for one in posted)
        figures.declined += is_declined(entry) and any(
            one.response_code == entry.heard for one in posted)


def compared(book: Book, postings: Postings, issuers: Iterable[str]) -> Outcome:
    """Every entry against what was posted for it, and every posting against the book."""
    return completed(Outcome(issuers), book, postings)


def completed(outcome: Outcome, book: Book, postings: Postings) -> Outcome:
    """What is in the book added to what was compared before."""
    for entry in book:
        outcome.add(entry, postings.get(entry.rrn, []))
    outcome.violations.extend(unasked(book, postings))
    outcome.violations.extend(f"promise 1: {stray}" for stray in book.strays)
    outcome.violations = listed(outcome.violations)
    return outcome


def broken(entry: Entry, posted: Sequence[Posting]) -> Iterator[str]:
    """What is wrong with one transaction, with the number of the promise."""
    yield from (f"promise 1: {fault}" for fault in entry.faults)
    if entry.gave_up:
        yield "promise 1: no answer in time"
    elif not entry.heard:
        yield "promise 1: still without an answer"
    if entry.undo is Undo.SENT:
        yield "promise 2: its reversal was never acknowledged"
    # A request that was taken back, and the advice of what was decided instead, are one purchase.
    moved = [one for one in posted if one.moved_minor and not is_replaced(one, posted)]
    standing = [one for one in posted if one.standing_minor]
    if len(moved) > 1:
        yield f"promise 3: posted {len(moved)} times, numbers {', '.join(p.stan for p in moved)}"
    if entry.is_approved:
        yield from broken_approval(entry, posted, moved, standing)
    elif standing:
        yield f"promise 2: {amount(standing)} stands, but {heard(entry)}"
    if entry.heard and not entry.is_approved and entry.heard not in SWITCH_SAYS:
        told = [one.response_code for one in posted if not is_undone(one) and not one.is_advice]
        if told and entry.heard not in told:
            yield f"promise 1: heard {entry.heard}, the issuer had said {told[0]}"


def broken_approval(entry: Entry, posted: Sequence[Posting], moved: Sequence[Posting],
                    standing: Sequence[Posting]) -> Iterator[str]:
    """Of an approval that was heard."""
    if entry.pin == "wrong":
        yield "approved with a wrong PIN"
    if not any(one.response_code == "00" for one in posted):
        yield "promise 2: approved, but no issuer approved it"
    elif entry.is_inquiry:
        if moved:
            yield f"promise 2: an inquiry moved {amount(moved)}"
    elif entry.undo is Undo.ACKNOWLEDGED:
        if standing:
            yield f"promise 2: {amount(standing)} stands, though its reversal was acknowledged"
    elif entry.undo is Undo.NONE:
        if not standing:
            yield "promise 2: approved, but nothing stands at the issuer"
        elif len(standing) == 1 and standing[0].standing_minor != entry.amount_minor:
            yield f"promise 8: approved {entry.amount_minor}, the issuer has {amount(standing)}"


def is_undone(one: Posting) -> bool:
    """It moved something, and nothing of it stands."""
    return bool(one.moved_minor) and not one.standing_minor


def is_replaced(one: Posting, posted: Sequence[Posting]) -> bool:
    """A request whose answer the switch did not hear: undone, and an advice stands for it."""
    return is_undone(one) and not one.is_advice and any(other.is_advice for other in posted)


def unasked(book: Book, postings: Postings) -> Iterator[str]:
    """What an issuer posted under a number of ours that we never used, or were done with."""
    for rrn, posted in postings.items():
        if book.get(rrn) is None and any(one.standing_minor for one in posted):
            yield f"promise 2: rrn {rrn}: {amount(posted)} stands, nobody asked for it"


def is_agreed(entry: Entry, posted: Sequence[Posting]) -> bool:
    """Approved, and the issuer says so too."""
    return entry.is_approved and any(one.response_code == "00" for one in posted)


def is_declined(entry: Entry) -> bool:
    """Answered with no, by an issuer or by the switch."""
    return bool(entry.heard) and not entry.is_approved and not entry.is_timed_out


def listed(found: list[str]) -> list[str]:
    """Not endless: something badly broken breaks every transaction."""
    if len(found) <= VIOLATIONS_MAX:
        return found
    return [*found[:VIOLATIONS_MAX], f"and {len(found) - VIOLATIONS_MAX} more"]


def named(entry: Entry) -> str:
    return f"rrn {entry.rrn} ({entry.issuer or 'nobody'}, {entry.pan_masked})"


def heard(entry: Entry) -> str:
    return f"{entry.heard} was heard" if entry.heard else "nothing was heard"


def amount(posted: Iterable[Posting]) -> str:
    return str(sum(one.standing_minor or one.moved_minor for one in posted))
