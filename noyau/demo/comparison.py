"""The acquirer's book against the issuers' ledgers: which promises were kept, which were not.

Knows nothing of the router and asks it nothing: what it says of itself proves nothing.
"""
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from noyau.demo.book import Book, Entry, Undo
from noyau.demo.ledgers import Posting, Postings

VIOLATIONS_MAX = 100  # listed; the rest are counted
SWITCH_SAYS = frozenset({"91", "96", "68", "94"})  # whatever the issuer decided


@dataclass(frozen=True, slots=True)
class IssuerFigures:
    """What one issuer's ledger and the acquirer agree on."""

    approved: int
    declined: int
    pin_verified: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a run, and what was found broken."""

    transactions: int
    approved: int
    declined: int
    timed_out: int
    reversed: int
    violations: list[str]
    issuers: dict[str, IssuerFigures]


def compared(book: Book, postings: Postings, issuers: Iterable[str]) -> Outcome:
    """Every entry against what was posted for it, and every posting against the book."""
    pairs = [(entry, postings.get(entry.rrn, [])) for entry in book]
    found = [f"{named(entry)}: {what}" for entry, posted in pairs for what in broken(entry, posted)]
    found.extend(unasked(book, postings))
    found.extend(f"promise 1: {stray}" for stray in book.strays)
    return Outcome(
        transactions=len(pairs),
        approved=sum(is_agreed(entry, posted) for entry, posted in pairs),
        declined=sum(is_declined(entry) for entry, _ in pairs),
        timed_out=sum(entry.is_timed_out for entry, _ in pairs),
        reversed=sum(entry.undo is Undo.ACKNOWLEDGED for entry, _ in pairs),
        violations=listed(found),
        issuers={name: figures(name, pairs) for name in issuers},
    )


def broken(entry: Entry, posted: Sequence[Posting]) -> Iterator[str]:
    """What is wrong with one transaction, with the number of the promise."""
    yield from (f"promise 1: {fault}" for fault in entry.faults)
    if entry.gave_up:
        yield "promise 1: no answer in time"
    elif not entry.heard:
        yield "promise 1: still without an answer"
    if entry.undo is Undo.SENT:
        yield "promise 2: its reversal was never acknowledged"
    moved = [one for one in posted if one.moved_minor]
    standing = [one for one in posted if one.standing_minor]
    if len(moved) > 1:
        yield f"promise 3: posted {len(moved)} times, numbers {', '.join(p.stan for p in moved)}"
    if entry.is_approved:
        yield from broken_approval(entry, posted, moved, standing)
    elif standing:
        yield f"promise 2: {amount(standing)} stands, but {heard(entry)}"
    if entry.heard and not entry.is_approved and entry.heard not in SWITCH_SAYS:
        told = [one.response_code for one in posted]
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


def unasked(book: Book, postings: Postings) -> Iterator[str]:
    """What an issuer posted under a number of ours that we never used."""
    for rrn, posted in postings.items():
        if book.get(rrn) is None and any(one.standing_minor for one in posted):
            yield f"promise 2: rrn {rrn}: {amount(posted)} stands, nobody asked for it"


def figures(issuer: str, pairs: Iterable[tuple[Entry, list[Posting]]]) -> IssuerFigures:
    """Counted where the issuer's ledger and the acquirer's book say the same."""
    approved = declined = verified = 0
    for entry, posted in pairs:
        here = [one for one in posted if one.issuer == issuer]
        if not here:
            continue
        agreed = is_agreed(entry, here)
        approved += agreed
        declined += is_declined(entry) and any(one.response_code == entry.heard for one in here)
        verified += agreed and entry.pin == "right" and any(one.pin_verified for one in here)
    return IssuerFigures(approved, declined, verified)


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
