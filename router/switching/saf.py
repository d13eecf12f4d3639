"""Store and forward to issuers: ordered per card, N outstanding, flagged from the second time on.

An entry ends with an approval, or with "original not found" said twice. What its issuer keeps
refusing, or what is older than a limit, is parked with an alarm, and with it what must come after
it; `saf_operator` is how a person goes on from there. Silence and codes that ask for patience are
tried again, each time later. Live requests go first: a line takes stored entries only while it has
room to spare, and they take none of the places that live requests may hold on it.
"""

from typing import Final

from router.switching import message_types
from router.switching.clock import Clock
from router.switching.commits import Commits
from router.switching.peers import Issuer
from router.switching.pending import Line
from router.switching.response_codes import NOT_FOUND, TRY_AGAIN
from router.switching.saf_entry import SafEntry, written_id
from router.switching.transaction_event import Observer
from router.switching.translation import answer_of, written_for
from router.wire.element import Unwritable
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Ended, EntryId, Record

PARKED_AT_ONCE: Final = 100  # by age, in one tick
LINE_AGAIN_S: Final = 0.1  # after its line had no room


class StoreAndForward:
    """Delivers the entries of all issuers; `pump` is called when something may be possible."""

    __slots__ = ("_clock", "_commits", "_observer")

    def __init__(self, commits: Commits, clock: Clock, observer: Observer) -> None:
        self._commits = commits
        self._clock = clock
        self._observer = observer

    def tick(self, issuer: Issuer, now: float) -> None:
        """What is due, and what is too old."""
        self._park_old(issuer, now)
        self.pump(issuer)
        issuer.drain.look(issuer.saf, now, self._observer, issuer.name)

    def pump(self, issuer: Issuer) -> None:
        """Send what may go now, the oldest first."""
        queue, terms = issuer.saf, issuer.terms
        now = self._clock.now()
        window = queue.window(terms.saf_window)
        looks = terms.saf_window  # a bound: an entry may have to wait for its line
        while queue.out < window and looks > 0 and queue.has_turn(now, terms.saf_per_s):
            entry = queue.next(now)
            if entry is None:
                return
            looks -= 1
            line = issuer.line_for_stored(entry.stored.line)
            if line is None:
                queue.put_back(entry)
                return
            if not line.takes_stored:
                queue.again_at(entry, now + LINE_AGAIN_S)
            elif not self._send(issuer, line, entry, now):
                return

    def is_durable(self, issuer: Issuer, entry: SafEntry) -> None:
        """Its record is on the disk: it may be sent."""
        issuer.saf.became_durable(entry, self._clock.now())
        self._park_behind_parked(issuer, entry)
        self.pump(issuer)

    def found_at_start(self, issuer: Issuer) -> None:
        """A kill may have come between the parking of an entry and that of what is behind it."""
        for entry in list(issuer.saf.entries.values()):
            self._park_behind_parked(issuer, entry)

    def responded(self, issuer: Issuer, entry: SafEntry, response: Message) -> None:
        """The issuer answered an entry."""
        now = self._clock.now()
        queue, terms = issuer.saf, issuer.terms
        queue.heard_of(entry)
        answer = answer_of(response)
        entry.code = answer.code if answer is not None else ""
        if answer is None or answer.code in TRY_AGAIN:
            self._again_later(issuer, entry, now)
        elif answer.approves or (answer.code == NOT_FOUND and entry.first_not_found > 0.0):
            queue.took(terms.saf_window)
            self._acknowledged(issuer, entry)
        elif answer.code == NOT_FOUND:
            # Its original may still be under way: said once more after a full timeout, it counts.
            entry.first_not_found = now
            queue.again_at(entry, now + terms.timeout_s)
        elif entry.refusals + 1 < terms.saf_refusals_max:
            entry.refusals += 1
            queue.again_at(entry, now + terms.saf_retry_s)
        else:
            entry.refusals += 1
            self._park(issuer, entry, f"refused {entry.refusals} times, with {answer.code} at last")
        self.pump(issuer)

    def silent(self, issuer: Issuer, entry: SafEntry) -> None:
        """No answer in time, or the line fell."""
        issuer.saf.heard_of(entry)
        self._again_later(issuer, entry, self._clock.now())

    def _again_later(self, issuer: Issuer, entry: SafEntry, now: float) -> None:
        terms = issuer.terms
        wait_s = min(terms.saf_retry_s_max, terms.saf_retry_s * 2.0 ** min(entry.tries, 20))
        issuer.saf.in_trouble()
        issuer.saf.again_at(entry, now + wait_s)
        entry.tries += 1

    def _send(self, issuer: Issuer, line: Line, entry: SafEntry, now: float) -> bool:
        """False: the line does not take it now."""
        kept = entry.stored.message
        mti = message_types.repeated(kept.mti) if entry.has_left else kept.mti
        try:
            message = written_for(issuer.terms.codec, mti, kept.values)
        except Unwritable as fault:
            self._park(issuer, entry, f"cannot be written in the dialect of {issuer.name}: {fault}")
            return True
        response_mti = message_types.response_to(message.mti)
        deadline = now + issuer.terms.timeout_s
        waiting = line.wait(message, response_mti, entry, deadline, frees_stan=False)
        if line.port is None or not line.port.send(message):
            line.withdraw(waiting)
            issuer.saf.again_at(entry, now)
            return False
        issuer.saf.sent(entry)
        issuer.saf.takes_turn()
        return True

    def _park_old(self, issuer: Issuer, now: float) -> None:
        """The oldest come first, but for those that an operator gave back."""
        old: list[SafEntry] = []
        for entry in issuer.saf.entries.values():
            if entry.is_durable and now - entry.since <= issuer.terms.saf_age_s_max:
                break
            if entry.is_durable and not entry.is_out:
                old.append(entry)
            if len(old) >= PARKED_AT_ONCE:
                break
        for entry in old:
            if issuer.saf.entries.get(entry.stored.id) is entry:
                self._park(issuer, entry, "older than saf_age_s_max")

    def _park_behind_parked(self, issuer: Issuer, entry: SafEntry) -> None:
        after = entry.stored.after
        is_open = issuer.saf.entries.get(entry.stored.id) is entry
        if is_open and entry.is_durable and after is not None and after in issuer.saf.parked:
            self._park(issuer, entry, f"comes after {written_id(after)}")

    def _park(self, issuer: Issuer, entry: SafEntry, why: str) -> None:
        """With what must come after it, in one commit: what is not durable yet parks when it is."""
        entry_id = entry.stored.id
        parked = [entry]
        self._park_one(issuer, entry, why)
        for follower in issuer.saf.behind(entry_id, entry.card):
            if follower.is_durable and not follower.is_out:
                self._park_one(issuer, follower, f"comes after {written_id(entry_id)}")
                parked.append(follower)
        for one in parked:
            one.is_durable = False
        records: list[Record] = [Ended(one.stored.id, True, "router", one.why) for one in parked]
        self._commits.insist(records, Parked(parked))

    def _park_one(self, issuer: Issuer, entry: SafEntry, why: str) -> None:
        stored = entry.stored
        values = stored.message.values
        ended(issuer, stored.id, why)
        self._observer.alarm(
            "saf_entry_parked",
            issuer=issuer.name,
            id=written_id(stored.id),
            mti=stored.message.mti,
            stan=values.get(DE.STAN, ""),
            rrn=values.get(DE.RRN, ""),
            why=why,
        )

    def _acknowledged(self, issuer: Issuer, entry: SafEntry) -> None:
        ended(issuer, entry.stored.id, "")
        if entry.tries:  # what was said to an earlier transmission may still come
            number = entry.stored.message.stan
            issuer.stans.quarantine(number, self._clock.now())
        self._commits.insist([Ended(entry.stored.id, False)])


class Parked:
    """A restart knows it, too: from now on an operator may have it tried again.

    Earlier, the retry could be on the disk before the parking, and a restart would park it anew.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: list[SafEntry]) -> None:
        self._entries = entries

    def __call__(self, _durable: bool) -> None:
        for entry in self._entries:
            entry.is_durable = True


def ended(issuer: Issuer, entry_id: EntryId, why_parked: str) -> None:
    """Out of the queue; parked, it keeps its number and waits for an operator."""
    queue = issuer.saf
    entry = queue.remove(entry_id)
    if entry is None:
        entry = queue.parked.pop(entry_id, None)
    if entry is None:
        return
    if why_parked:
        entry.why = why_parked
        queue.parked[entry_id] = entry
    else:
        issuer.stans.free(entry.stored.message.stan)
