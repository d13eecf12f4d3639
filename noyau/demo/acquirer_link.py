"""One link of the demo acquirer: numbers, what waits for an answer, reversals to be acknowledged.

Behaves as acquirers do: what it did not hear in time it reverses (0420), and repeats that (0421)
until somebody answers. An answer counts once, for the request whose numbers it carries.
"""
import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import iso8583

from noyau.demo import messages
from noyau.demo.book import Book, Entry, Undo, masked
from noyau.demo.day import Wish
from noyau.demo.feed import Feed
from noyau.demo.messages import Elements, Terminals
from noyau.demo.peer_link import PeerLink

STANS: Final = 1_000_000
REPEAT_S: Final = 3.0  # between two transmissions of a reversal
RECONNECT_S: Final = 0.3
ANSWERED_KEPT: Final = 20_000  # to tell a second answer from a stray one
ECHOED: Final = ("3", "4", "7", "11", "37", "41")
SIGN_ON, SIGN_OFF = "001", "002"
APPROVED: Final = "00"

Spec = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Asked:
    """A request on its way."""

    request: Elements
    entry: Entry
    wish: Wish
    deadline: float


@dataclass(slots=True)
class Undoing:
    """A reversal that is not acknowledged."""

    elements: Elements
    entry: Entry
    again_at: float


class AcquirerLink:
    """Sends wishes, judges answers, reverses. `tick` is called often."""

    def __init__(self, name: str, host: str, port: int, spec: Spec, terminals: Terminals,
                 patience_s: float, book: Book, feed: Feed, last_stan: int = 0) -> None:
        self.name = name
        self.signed_on = asyncio.Event()
        self._address = (host, port)
        self._spec = spec
        self._terminals = terminals
        self._patience_s = patience_s
        self._book = book
        self._feed = feed
        self._stan = last_stan
        self._peer: PeerLink | None = None
        self._asked: dict[str, Asked] = {}  # by STAN; the oldest first
        self._undoing: dict[str, Undoing] = {}
        self._answered: OrderedDict[str, Entry] = OrderedDict()
        self._fell = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        return self.signed_on.is_set()

    async def keep_connected(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._fell.clear()
            try:
                _, self._peer = await loop.create_connection(
                    lambda: PeerLink(self._arrived, self._fell.set), *self._address)
            except OSError:
                await asyncio.sleep(RECONNECT_S)
                continue
            self._network(SIGN_ON)
            await self._fell.wait()
            self.signed_on.clear()

    def ask(self, wish: Wish, now: float) -> None:
        """One request; entered in the book before it leaves."""
        stan, rrn = self._next_stan(), self._book.next_rrn()
        request = self._terminals.request(wish, stan, rrn, datetime.now(UTC))
        entry = Entry(
            rrn=rrn, link=self.name, issuer=wish.card.issuer, pan_masked=masked(wish.card.pan),
            processing_code=wish.processing_code, amount_minor=wish.amount_minor,
            currency=messages.DIRHAM, pin=wish.pin_is, sent_at=now,
        )
        self._book.write(entry)
        self._asked[stan] = Asked(request, entry, wish, now + self._patience_s)
        self._feed.asked(now)
        self._send(request)

    def tick(self, now: float) -> None:
        """Give up what was not answered in time; repeat what was not acknowledged."""
        for stan in self._overdue(now):
            asked = self._asked.pop(stan)
            asked.entry.gave_up = True
            self._feed.given_up()
            self._undo(asked, "", now)
        for undoing in self._undoing.values():
            if undoing.again_at <= now and self.is_ready:
                undoing.elements["t"] = "0421"
                undoing.again_at = now + REPEAT_S
                self._send(undoing.elements)

    def sign_off(self) -> None:
        """Say goodbye and close."""
        if self._peer is not None and self._peer.is_up:
            self._network(SIGN_OFF)
            self._peer.close()

    def _overdue(self, now: float) -> Iterator[str]:
        """All wait equally long: the order of sending is the order of the deadlines."""
        overdue = []
        for stan, asked in self._asked.items():
            if asked.deadline > now:
                break
            overdue.append(stan)
        return iter(overdue)

    def _undo(self, asked: Asked, authorization: str, now: float) -> None:
        stan = self._next_stan()
        elements = messages.reversal(
            asked.request, asked.wish.card.pan, stan, datetime.now(UTC), authorization)
        asked.entry.undo = Undo.SENT
        self._undoing[stan] = Undoing(elements, asked.entry, now + REPEAT_S)
        if self.is_ready:
            self._send(elements)

    def _network(self, code: str) -> None:
        self._send(messages.network(code, self._next_stan(), datetime.now(UTC)))

    def _send(self, elements: Elements) -> None:
        """Where the link is down nothing leaves; the deadline or the next repeat sees to it."""
        if self._peer is not None and self._peer.is_up:
            encoded, _ = iso8583.encode(dict(elements), self._spec)
            self._peer.send(bytes(encoded))

    def _next_stan(self) -> str:
        while True:
            self._stan = self._stan % (STANS - 1) + 1
            stan = f"{self._stan:06d}"
            if stan not in self._asked and stan not in self._undoing:
                return stan

    def _arrived(self, frame: bytes) -> None:
        now = asyncio.get_running_loop().time()
        try:
            answer, _ = iso8583.decode(frame, self._spec)
        except iso8583.DecodeError as error:
            self._book.note_stray(f"{self.name}: an answer nobody can read, element {error.field}")
            return
        kind: dict[str, Callable[[Elements, float], None]] = {
            "0110": self._request_answered, "0210": self._request_answered,
            "0430": self._undo_answered, "0810": self._network_answered,
        }
        judge = kind.get(answer["t"])
        if judge is None:
            self._book.note_stray(f"{self.name}: sent {answer['t']} without being asked")
            return
        judge(answer, now)

    def _network_answered(self, answer: Elements, now: float) -> None:
        del now
        if answer.get("70") == SIGN_ON and answer.get("39") == APPROVED:
            self.signed_on.set()

    def _request_answered(self, answer: Elements, now: float) -> None:
        stan = answer.get("11", "")
        asked = self._asked.get(stan)
        if asked is None or answer["t"][1] != asked.request["t"][1]:
            self._not_awaited(answer)
            return
        wrong = [number for number in ECHOED if answer.get(number) != asked.request[number]]
        if wrong:
            asked.entry.faults.append(f"an answer for someone else: element {wrong[0]} differs")
            return
        del self._asked[stan]
        self._remember(stan, asked.entry)
        entry = asked.entry
        entry.heard = answer.get("39", "??")
        entry.heard_at = now
        local = f"{asked.request['12'][:2]}:{asked.request['12'][2:4]}:{asked.request['12'][4:]}"
        self._feed.answered(entry, asked.wish, local)
        if entry.is_approved and asked.wish.is_taken_back:
            self._undo(asked, answer.get("38", ""), now)

    def _undo_answered(self, answer: Elements, now: float) -> None:
        del now
        undoing = self._undoing.get(answer.get("11", ""))
        if undoing is None or answer.get("37") != undoing.entry.rrn:
            # Sent twice because the first was slow to be answered: both answers are right.
            return
        if answer.get("39") == APPROVED:
            undoing.entry.undo = Undo.ACKNOWLEDGED
            del self._undoing[answer["11"]]
            self._feed.taken_back()

    def _not_awaited(self, answer: Elements) -> None:
        """Nobody waits: answered a second time, after its time, or never asked."""
        known = self._answered.get(answer.get("11", "")) or self._book.get(answer.get("37", ""))
        if known is None or known.rrn != answer.get("37"):
            self._book.note_stray(f"{self.name}: an answer that matches no request")
        elif known.heard:
            known.faults.append("answered twice")
        elif not known.gave_up:
            known.faults.append("an answer for it under another number")
        # Else it came too late: the book says already that it was not heard in time.

    def _remember(self, stan: str, entry: Entry) -> None:
        self._answered[stan] = entry
        if len(self._answered) > ANSWERED_KEPT:
            self._answered.popitem(last=False)
