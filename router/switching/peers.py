"""Acquirers and issuers as the decisions see them: what is agreed, and the lines there are."""

from dataclasses import dataclass
from typing import Protocol

from router.switching.pending import Line, Stans
from router.switching.saf_entry import SafEntry
from router.wire.codec import Codec
from router.wire.message import Message
from specs.journal_format import EntryId, Stored


@dataclass(frozen=True, slots=True)
class PinKey:
    """The key that PIN blocks to or from one peer are encrypted under, as a cryptogram."""

    kind: str  # "zpk" or "tpk"
    under_lmk: str
    kcv: str
    block_format: str  # the HSM's code: 01 ISO-0, 05 ISO-1, 47 ISO-3, 48 ISO-4


@dataclass(frozen=True, slots=True)
class Acquirer:
    """What is agreed with one acquirer; all its links share it."""

    name: str
    institution_id: str  # DE 32 where the request has none
    codec: Codec
    pin_key: PinKey | None
    answer_within_s: float
    in_flight_max: int


class AcquirerLink(Protocol):
    """The way back to where a request came from."""

    @property
    def acquirer(self) -> Acquirer: ...

    @property
    def is_signed_on(self) -> bool:
        """True, too, where a sign-on is optional."""

    def reply(self, response: Message) -> bool:
        """False: nothing was written (the link is closed)."""


@dataclass(frozen=True, slots=True)
class IssuerTerms:
    """What is agreed with one issuer. Replaced whole at a reload."""

    region: str  # "domestic" or "foreign"
    codec: Codec
    pin_key: PinKey | None
    timeout_s: float
    saf_window: int
    saf_retry_s: float


class Issuer:
    """One issuer. Its numbers (DE 11) are one space for all its lines: DE 90 names no line."""

    __slots__ = ("entries", "lines", "name", "parked", "stans", "terms")

    def __init__(self, name: str, terms: IssuerTerms) -> None:
        self.name = name
        self.terms = terms
        self.stans = Stans()
        self.lines: list[Line] = []
        self.entries: dict[EntryId, SafEntry] = {}  # store and forward, in their order
        self.parked: dict[EntryId, Stored] = {}  # until an operator settles them

    def least_loaded_line(self, without: list[str]) -> Line | None:
        """The signed-on line with the fewest requests that wait, but for those already tried."""
        best: Line | None = None
        for line in self.lines:
            usable = line.carries_traffic and not line.is_full and line.name not in without
            if usable and (best is None or line.load < best.load):
                best = line
        return best

    def line_for(self, preferred: str) -> Line | None:
        """The named line while it is up, else the least loaded one."""
        for line in self.lines:
            if line.name == preferred and line.carries_traffic and not line.is_full:
                return line
        return self.least_loaded_line([])
