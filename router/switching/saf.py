"""Store and forward to issuers: ordered per card, N outstanding, flagged from the second time on.

An entry ends with an approval, or with "original not found" said twice; what its issuer keeps
refusing is parked with an alarm, and with it what must come after it. Silence and codes that ask
for patience are tried again, without end.
"""

from typing import Final

from router.switching import message_types
from router.switching.clock import Clock
from router.switching.commits import Commits
from router.switching.peers import Issuer
from router.switching.response_codes import NOT_FOUND, TRY_AGAIN
from router.switching.saf_entry import SafEntry
from router.switching.transaction_event import Observer
from router.switching.translation import answer_of, written_for
from router.wire.element import Unwritable
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Ended

REFUSALS_MAX: Final = 3
BACK_OFF_MAX_S: Final = 30.0


class StoreAndForward:
    """Delivers the entries of all issuers; `pump` is called when something may be possible."""

    __slots__ = ("_clock", "_commits", "_observer")

    def __init__(self, commits: Commits, clock: Clock, observer: Observer) -> None:
        self._commits = commits
        self._clock = clock
        self._observer = observer

    def pump(self, issuer: Issuer) -> None:
        """Send what may go now, the oldest first."""
        now = self._clock.now()
        cards_before: set[str] = set()
        window = issuer.terms.saf_window - sum(entry.is_out for entry in issuer.entries.values())
        for entry in list(issuer.entries.values()):
            if window <= 0:
                return
            card = entry.stored.message.values.get(DE.PAN, "")
            if entry.is_durable and entry.stored.after in issuer.parked:
                self._park(issuer, entry)
            elif (
                card not in cards_before
                and entry.is_durable
                and not entry.is_out
                and entry.due <= now
            ):
                if not self._send(issuer, entry, now):
                    return
                window -= 1
            cards_before.add(card)

    def responded(self, issuer: Issuer, entry: SafEntry, response: Message) -> None:
        """The issuer answered an entry."""
        now = self._clock.now()
        entry.is_out = False
        answer = answer_of(response)
        if answer is None or answer.code in TRY_AGAIN:
            self._again_later(issuer, entry, now)
        elif answer.approves or (answer.code == NOT_FOUND and entry.first_not_found > 0.0):
            self._end(issuer, entry, parked=False)
        elif answer.code == NOT_FOUND:
            # Its original may still be under way: said once more after a full timeout, it counts.
            entry.first_not_found = now
            entry.due = now + issuer.terms.timeout_s
        elif entry.refusals + 1 < REFUSALS_MAX:
            entry.refusals += 1
            entry.due = now + issuer.terms.saf_retry_s
        else:
            self._park(issuer, entry)
        self.pump(issuer)

    def silent(self, issuer: Issuer, entry: SafEntry) -> None:
        """No answer in time, or the line fell."""
        entry.is_out = False
        self._again_later(issuer, entry, self._clock.now())

    def _again_later(self, issuer: Issuer, entry: SafEntry, now: float) -> None:
        entry.due = now + min(
            BACK_OFF_MAX_S, issuer.terms.saf_retry_s * 2.0 ** min(entry.tries, 10)
        )
        entry.tries += 1

    def _send(self, issuer: Issuer, entry: SafEntry, now: float) -> bool:
        """False: no line takes it now."""
        line = issuer.line_for(entry.stored.line)
        if line is None or line.port is None:
            return False
        kept = entry.stored.message
        mti = message_types.repeated(kept.mti) if entry.has_left else kept.mti
        try:
            message = written_for(issuer.terms.codec, mti, kept.values)
        except Unwritable:
            self._park(issuer, entry)
            return True
        response_mti = message_types.response_to(message.mti)
        deadline = now + issuer.terms.timeout_s
        waiting = line.wait(message, response_mti, entry, deadline, frees_stan=False)
        if not line.port.send(message):
            line.withdraw(waiting)
            return False
        entry.is_out = True
        entry.has_left = True
        return True

    def _park(self, issuer: Issuer, entry: SafEntry) -> None:
        values = entry.stored.message.values
        self._observer.alarm(
            "saf_entry_parked",
            issuer=issuer.name,
            mti=entry.stored.message.mti,
            stan=values.get(DE.STAN, ""),
            rrn=values.get(DE.RRN, ""),
        )
        self._end(issuer, entry, parked=True)

    def _end(self, issuer: Issuer, entry: SafEntry, parked: bool) -> None:
        stored = entry.stored
        ended(issuer, stored.id, parked)
        self._commits.insist([Ended(stored.id, parked)])


def ended(issuer: Issuer, entry_id: tuple[str, ...], parked: bool) -> None:
    """Out of the queue; parked, it waits for an operator."""
    entry = issuer.entries.pop(entry_id, None)
    if entry is None:
        return
    issuer.stans.free(entry.stored.message.values[DE.STAN])
    if parked:
        issuer.parked[entry_id] = entry.stored
