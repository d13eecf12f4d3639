"""One store-and-forward entry as it stands in memory: stored, sent, then acknowledged or parked."""

from dataclasses import dataclass
from typing import Final

from router.wire.pan import Pan
from specs.elements import DE
from specs.journal_format import EntryId, Stored

WAITING: Final = "waiting"
SENT: Final = "sent"
PARKED: Final = "parked"
DAY_S: Final = 86_400
YEAR_S: Final = 366 * DAY_S
DAYS_BEFORE: Final = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)  # of a leap year


class SafEntry:
    """Its record, and how far its delivery is. Its numbers are kept over all repeats."""

    __slots__ = (
        "card",
        "code",
        "due",
        "first_not_found",
        "has_left",
        "is_durable",
        "is_offered",
        "is_out",
        "refusals",
        "since",
        "stored",
        "tries",
        "why",
    )

    def __init__(
        self, stored: Stored, is_durable: bool, has_left: bool, since: float = 0.0
    ) -> None:
        self.stored = stored
        self.card: str = stored.message.values.get(DE.PAN, "")  # its entries go one after another
        self.is_durable = is_durable  # its last record: stored, or parked
        self.has_left = has_left  # flagged repeat from now on
        self.since = since  # its age counts from here; set when it is durable
        self.is_offered = False  # it stands in a queue of those that may be sent
        self.is_out = False  # waits for its response
        self.due = 0.0
        self.tries = 0  # that were answered by silence, or a code that asks for patience
        self.refusals = 0
        self.first_not_found = 0.0
        self.code = ""  # what its issuer said last
        self.why = ""  # it is parked


@dataclass(frozen=True, slots=True)
class EntryState:
    """One entry as an operator sees it."""

    id: str
    issuer: str
    state: str  # waiting, sent or parked
    mti: str
    stan: str
    rrn: str
    pan_masked: str
    amount_minor: int
    currency: str
    age_s: int
    tries: int
    refusals: int
    code: str  # what its issuer said last; empty: nothing
    why: str  # it is parked
    after: str  # the entry that must be acknowledged before it; empty: none


def state_of(entry: SafEntry, now: float) -> EntryState:
    """Without card data."""
    stored = entry.stored
    values = stored.message.values
    amount, pan = values.get(DE.AMOUNT, ""), values.get(DE.PAN, "")
    return EntryState(
        id=written_id(stored.id),
        issuer=stored.issuer,
        state=PARKED if entry.why else SENT if entry.is_out else WAITING,
        mti=stored.message.mti,
        stan=values.get(DE.STAN, ""),
        rrn=values.get(DE.RRN, ""),
        pan_masked=str(Pan(pan)) if pan else "",
        amount_minor=int(amount) if amount.isdigit() else 0,
        currency=values.get(DE.CURRENCY, ""),
        age_s=max(0, int(now - entry.since)) if entry.since else 0,
        tries=entry.tries,
        refusals=entry.refusals,
        code=entry.code,
        why=entry.why,
        after=written_id(stored.after) if stored.after is not None else "",
    )


def written_id(entry_id: EntryId) -> str:
    """As an operator reads and types it: ISSUER/MTI/STAN/DE 7."""
    return "/".join(entry_id)


def read_id(text: str) -> EntryId:
    """The other way round."""
    return tuple(text.split("/"))


def age_at_start(stored: Stored, transmission_time: str) -> float:
    """Seconds since it was stored, or given back to delivery, by the DE 7 of then and of now.

    DE 7 has no year: what seems to lie ahead by less than half a year was stored under another
    time of day, and is new; what seems to lie further ahead is last year's.
    """
    then = stored.retried or stored.message.transmission_time
    if len(then) != 10 or not then.isdigit():
        return 0.0
    age = (seconds_of_year(transmission_time) - seconds_of_year(then)) % YEAR_S
    return float(age) if age < YEAR_S // 2 else 0.0


def seconds_of_year(transmission_time: str) -> int:
    """Of MMDDhhmmss."""
    month, day, hour, minute, second = [int(transmission_time[n : n + 2]) for n in range(0, 10, 2)]
    days = DAYS_BEFORE[(month - 1) % 12] + day - 1
    return days * DAY_S + hour * 3600 + minute * 60 + second
