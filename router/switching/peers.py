"""Acquirers and issuers as the decisions see them: what is agreed, and the lines there are."""

from dataclasses import dataclass, field

from mypy_extensions import mypyc_attr

from router.switching.held import Held
from router.switching.pending import Line
from router.switching.pin_key import PinKey
from router.switching.saf_drain import SafDrain
from router.switching.saf_entry import SafEntry
from router.switching.saf_queue import SafQueue
from router.switching.session_keys import ReceivedKeys
from router.switching.stand_in_state import StandIn
from router.switching.stans import STAN_MAX, Stans
from router.wire.codec import Codec
from router.wire.message import Message
from specs.journal_format import EntryId
from specs.message_pack import text_bytes


@dataclass(frozen=True, slots=True)
class Acquirer:
    """What is agreed with one acquirer; all its links share it."""

    name: str
    institution_id: str  # DE 32 where the request has none
    codec: Codec
    pin_key: PinKey | None
    answer_within_s: float
    in_flight_max: int
    requests_per_s: float = 10_000.0
    requests_burst: float = 2_000.0
    session_keys: ReceivedKeys | None = None  # where keys are exchanged; they stand for `pin_key`
    own_keys: list[PinKey] = field(init=False, repr=False, compare=False)  # `pin_key`, if any

    def __post_init__(self) -> None:
        object.__setattr__(self, "own_keys", [self.pin_key] if self.pin_key is not None else [])

    def pin_keys(self, link: "AcquirerLink") -> list[PinKey]:
        """What a PIN block on this link may be under, the likeliest first."""
        if self.session_keys is not None:
            return self.session_keys.to_try(link)
        return self.own_keys

    def key_used(self, link: "AcquirerLink", key: PinKey, now: float) -> None:
        """A PIN block on this link was under this key."""
        if self.session_keys is not None:
            self.session_keys.used(link, key, now)


@mypyc_attr(allow_interpreted_subclasses=True)
class AcquirerLink:
    """The way back to where a request came from."""

    def __init__(self, acquirer: Acquirer) -> None:
        self.acquirer = acquirer

    @property
    def is_signed_on(self) -> bool:
        """True, too, where a sign-on is optional."""
        raise NotImplementedError

    def reply(self, response: Message, approval: object = None) -> bool:
        """False: nothing was written (the link is closed).

        An approval comes with what the conductor's `undeliverable` is told where the link finds
        out afterwards that it never went out. Every message that arrived is replied to once.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class IssuerTerms:
    """What is agreed with one issuer. Replaced whole at a reload."""

    region: str  # "domestic" or "foreign"
    codec: Codec
    pin_key: PinKey | None
    timeout_s: float
    saf_window: int  # stored entries that may be out together
    saf_retry_s: float  # before the second transmission of one; then twice as long each time
    saf_per_s: float = 400.0
    saf_retry_s_max: float = 30.0
    saf_refusals_max: int = 3  # then it is parked
    saf_age_s_max: float = 259_200.0  # then it is parked
    saf_entries_max: int = 100_000  # open and parked; then nothing more is taken for this issuer
    requests_per_s: float = 10_000.0
    requests_burst: float = 2_000.0
    in_flight_max: int = 4_096  # of all acquirers
    breaker_after: int = 20  # failures in a row, on one line
    breaker_wait_s: float = 5.0
    stan_first: int = 1  # of the numbers (DE 11) that are ours to give,
    stans: int = STAN_MAX  # and how many there are; fixed from the start on


class Issuer:
    """One issuer. Its numbers (DE 11) are one space for all its lines: DE 90 names no line."""

    __slots__ = (
        "drain", "given_up", "held", "lines", "name", "packed_name", "saf", "session_key",
        "stand_in", "stans", "terms",
    )  # fmt: skip

    def __init__(self, name: str, terms: IssuerTerms) -> None:
        self.name = name
        self.packed_name = text_bytes(name)  # as records have it
        self.terms = terms
        self.session_key: PinKey | None = None  # exchanged; stands for the configured one
        self.stans = Stans(terms.stan_first, terms.stans)
        self.stand_in = StandIn()
        self.lines: list[Line] = []
        self.held = Held()
        self.given_up = 0  # requests on no line any more, whose reversals are not stored yet
        self.saf = SafQueue()
        self.drain = SafDrain()

    @property
    def is_idle(self) -> bool:
        """Nothing waits on its lines, nothing is stored for it, nor about to be."""
        return not (self.entries or self.given_up or any(line.load for line in self.lines))

    @property
    def entries(self) -> dict[EntryId, SafEntry]:
        """Stored and not over, in their order."""
        return self.saf.entries

    @property
    def parked(self) -> dict[EntryId, SafEntry]:
        """Until an operator settles them."""
        return self.saf.parked

    @property
    def may_store(self) -> bool:
        """Is there room for another entry?"""
        return len(self.saf.entries) + len(self.saf.parked) < self.terms.saf_entries_max

    @property
    def pin_key(self) -> PinKey | None:
        """What PIN blocks go out under, on all its lines."""
        return self.session_key if self.session_key is not None else self.terms.pin_key

    def least_loaded_line(self, without: tuple[str, ...] = ()) -> Line | None:
        """The signed-on line with the fewest requests that wait, but for those already tried."""
        best: Line | None = None
        for line in self.lines:
            usable = line.takes_requests and line.name not in without
            if usable and (best is None or line.load < best.load):
                best = line
        return best

    def line_for(self, preferred: str) -> Line | None:
        """The named line while it is up, else the least loaded one."""
        for line in self.lines:
            if line.name == preferred and line.takes_requests:
                return line
        return self.least_loaded_line()

    def line_for_stored(self, preferred: str) -> Line | None:
        """Of an entry: as above, and it waits for the line's room (`takes_stored`)."""
        best: Line | None = None
        for line in self.lines:
            if not line.carries_traffic or line.port is None or line.breaker.is_open:
                continue
            if line.name == preferred:
                return line
            if best is None or line.load < best.load:
                best = line
        return best
