"""What every transaction consults: the BIN table, the issuers, our own numbers."""

from router.switching.clock import Clock
from router.switching.outbound import Numbers
from router.switching.peers import Issuer
from router.switching.request import Request
from router.switching.routing import BinFacts, BinTable
from router.switching.translation import Translation
from specs.elements import DE
from specs.packed import packed


class Switch:
    """Replaced whole at a reload; what is in flight keeps the issuer it was routed to."""

    __slots__ = (
        "_clock",
        "_packed_sender",
        "bin_table",
        "institution_id",
        "issuers",
        "translation",
    )

    def __init__(
        self, institution_id: str, bin_table: BinTable, issuers: dict[str, Issuer], clock: Clock
    ) -> None:
        self.institution_id = institution_id  # DE 33 towards issuers
        self._packed_sender = packed({DE.FORWARDER_ID: institution_id})
        self.bin_table = bin_table
        self.issuers = dict(issuers)  # as they are now, whatever becomes of the caller's
        self.translation = Translation()
        self._clock = clock

    def now(self) -> float:
        """Seconds that only grow."""
        return self._clock.now()

    def is_over(self, deadline: float) -> bool:
        return self._clock.now() >= deadline

    def wall(self) -> float:
        """Seconds since 1970."""
        return self._clock.wall()

    def range_of(self, request: Request) -> BinFacts | None:
        """What the range says that decides about its card."""
        return self.bin_table.range_at(request.recognised_by, request.card_at, request.card_end)

    def may_store(self, issuer: Issuer) -> bool:
        """Is there room, and a number, for another store-and-forward entry?"""
        return issuer.may_store and issuer.stans.room(self._clock.now()) > 0

    def numbers_for(
        self, issuer: Issuer, now: float, for_reversal: bool = False
    ) -> Numbers | None:
        """Our own STAN and DE 7 of now; None where every number is in use.

        A request may need a reversal: where no room is left for that, it gets none.
        """
        if not for_reversal and not issuer.may_store:
            return None
        stan = issuer.stans.take(now, for_reversal)
        if stan is None:
            return None
        time = self._clock.transmission_time()
        return Numbers(stan, time, self.institution_id, self._packed_sender)
