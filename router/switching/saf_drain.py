"""How the delivery of what is stored for one issuer goes: what is left, how fast, how old.

A drain is worth telling when more is stored than may be out at once: while it lasts a line in the
log every few seconds says how far it is, and another that it is over.
"""

from typing import Final

from router.switching.saf_queue import SafQueue
from router.switching.transaction_event import Observer

LOOK_EVERY_S: Final = 1.0
TELL_EVERY_S: Final = 5.0
WORTH_TELLING: Final = 50  # entries


class SafDrain:
    """Looked at from the tick."""

    __slots__ = ("_began", "_counted", "_looked_at", "_told_at", "_told_count", "per_s")

    def __init__(self) -> None:
        self.per_s = 0.0  # acknowledged, over the last second or so
        self._counted = 0
        self._looked_at = 0.0
        self._began = 0.0  # of a drain worth telling; 0: none
        self._told_at = 0.0
        self._told_count = 0

    def look(self, queue: SafQueue, now: float, observer: Observer, issuer: str) -> None:
        """Once a second: the rate, and where it is due a line in the log."""
        if now - self._looked_at < LOOK_EVERY_S:
            return
        done = queue.acknowledged - self._counted
        self.per_s = done / (now - self._looked_at) if self._looked_at else 0.0
        self._counted, self._looked_at = queue.acknowledged, now
        left = len(queue.entries)
        if not self._began and left >= WORTH_TELLING:
            self._began = self._told_at = now
            self._told_count = queue.acknowledged - done
            self._tell("saf_drain_began", queue, now, observer, issuer)
        elif self._began and not left:
            observer.happened(
                "saf_drain_over",
                issuer=issuer,
                acknowledged=queue.acknowledged - self._told_count,
                parked=len(queue.parked),
                took_s=round(now - self._began, 1),
            )
            self._began = 0.0
        elif self._began and now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._tell("saf_drain_goes_on", queue, now, observer, issuer)

    def _tell(
        self, what: str, queue: SafQueue, now: float, observer: Observer, issuer: str
    ) -> None:
        since = queue.oldest_since()
        observer.happened(
            what,
            issuer=issuer,
            left=len(queue.entries),
            per_s=round(self.per_s, 1),
            oldest_s=round(now - since) if since is not None else 0,
            parked=len(queue.parked),
        )
