"""One request of an acquirer as the switch knows it: what became of it, and who still waits."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mypy_extensions import i64, mypyc_attr

from router.switching.message_types import MessageType, type_of
from router.switching.needs import Resume
from router.switching.outbound import Sent
from router.switching.peers import Issuer
from router.switching.processing_codes import effect_of
from router.switching.recognition import hashes_of
from router.switching.request import Request
from router.switching.told import Told
from specs.journal_format import About, Record, StoodIn, Stored

if TYPE_CHECKING:
    from router.switching.held import Part

ABOUT: Final = About  # compiled, a name that is not Final is looked up at each use


@mypyc_attr(acyclic=True)
class Transaction:
    """Kept for the repeat window: a repeat, a reversal and a restart must find it.

    There are many: what most of them do not need is an empty tuple, of which there is one. The
    garbage collector does not see them (`acyclic`): whatever refers back to one (its life, the
    reversal of it, what is to happen when it is settled) must let go of it when that is over.
    """

    __slots__ = (
        "_may_hold",
        "advice",
        "approval_on_record",
        "approved_amount",
        "counts_in",
        "follower_tells",
        "has_left",
        "heard",
        "hsm_us",
        "is_reversed",
        "is_settling",
        "is_void",
        "issuer",
        "issuer_us",
        "key_hash",
        "kind",
        "known_since",
        "life",
        "line",
        "lines_tried",
        "loose_hash",
        "on_record",
        "outbound",
        "partial",
        "place",
        "recognised_by",
        "request",
        "requests",
        "reversing",
        "send_by",
        "stays",
        "step_began",
        "stood_in",
        "taken_along",
        "target",
        "told",
        "when_settled",
    )

    def __init__(
        self,
        recognised_by: bytes,
        kind: MessageType,
        key_hash: i64,
        loose_hash: i64,
        known_since: float,
        may_hold: bool,
    ) -> None:
        self.recognised_by = recognised_by  # the text of its About
        self.kind = kind
        self.key_hash = key_hash  # of the keys in it: `router.switching.recognition`
        self.loose_hash = loose_hash
        self.known_since = known_since
        self.place: i64 = 0  # in the order of age: `router.switching.by_age`
        # Beside each other these take a byte each, compiled.
        self._may_hold = may_hold
        self.has_left = False
        self.is_void = False  # nobody may hear an approval any more
        self.approval_on_record = False  # durable or on its way
        self.follower_tells = False  # of the exchange, where its answer is on record
        self.is_settling = False  # the record that overrides it is on its way
        self.is_reversed = False
        self.partial = False  # reversed in part: the rest can still be reversed
        self.request: Request | None = None  # the first one, while the life goes on
        self.requests: tuple[Request, ...] = ()  # those that wait for the answer
        self.life: Resume | None = None  # while it goes on
        self.send_by = 0.0
        self.issuer: Issuer | None = None
        self.counts_in: Part | None = None  # of what its issuer holds
        self.lines_tried: tuple[str, ...] = ()
        self.outbound: Sent | None = None  # the last one forwarded
        self.line = ""  # the line it was forwarded on
        self.heard = 0  # how many links took its approval
        self.told: Told | None = None  # what a repeat hears
        self.on_record: Told | None = None  # the answer that is, where `follower_tells`
        self.when_settled: tuple[Callable[[], None], ...] = ()
        self.approved_amount: str | None = None  # of a partial approval: what a reversal reverses
        self.stays = ""  # of one reversed in part: what of it does (DE 95), where it is known
        self.advice: Stored | None = None  # the advice that it is, or the stand-in's 0120
        self.stood_in: StoodIn | None = None  # what the card's limits count of its approval
        self.taken_along: tuple[Record, ...] = ()  # refused by the disk: what voids it there
        self.target: Transaction | None = None  # of an on-line reversal
        self.reversing: Transaction | None = None
        self.step_began = 0.0  # of what happens to it at present, the journal's time apart
        self.hsm_us = 0
        self.issuer_us = 0

    @property
    def about(self) -> About:
        """As records have it; made anew each time."""
        return ABOUT(self.recognised_by, self.kind.mti)

    @property
    def may_hold(self) -> bool:
        """May it hold or move money at the issuer? Only then is it ever reversed."""
        return self._may_hold

    @property
    def needs_reversal(self) -> bool:
        """It left, may hold, and nothing reverses it yet."""
        return self.has_left and self.may_hold and not self.is_reversed

    @property
    def must_stay_silent(self) -> bool:
        """An approval handed to the disk may be found there by a restart, whatever we say now."""
        return self.approval_on_record and not self.kind.is_advice

    def reverse(self, amount_that_stays: str | None) -> None:
        """From here on it counts as reversed, in full or but for this amount."""
        self.partial = amount_that_stays is not None and (self.partial or not self.is_reversed)
        self.stays = amount_that_stays or ""
        self.is_reversed = True

    def is_reversed_as(self, amount_that_stays: str | None) -> bool:
        """Reversed already, as far as is asked for."""
        if not self.is_reversed or not self.partial:
            return self.is_reversed
        return amount_that_stays is not None and amount_that_stays >= self.stays

    def mark_reversed(self, amount_that_stays: str | None, told: Told) -> None:
        """Reversed on record; in full, a repeat hears a decline."""
        self.reverse(amount_that_stays)
        if not self.partial:
            if self.told is None or self.told.approves:
                self.told = told
            self.approval_on_record = False


def from_request(request: Request, may_hold: bool) -> Transaction:
    """Just arrived: it waits for the answer."""
    transaction = Transaction(
        request.recognised_by,
        request.kind,
        request.key_hash,
        request.loose_hash,
        request.arrived,
        may_hold,
    )
    transaction.request = request
    transaction.requests = (request,)
    return transaction


def from_record(about: About, known_since: float) -> Transaction:
    """Of which no more is known than what a record says."""
    effect = effect_of(about.parts.processing_code)
    kind = type_of(about.mti)
    may_hold = not kind.is_reversal and (effect is None or effect.may_hold)
    key_hash, loose_hash = hashes_of(about)
    return Transaction(about.text, kind, key_hash, loose_hash, known_since, may_hold)
