"""An issuer host: what arrives on its links is decided, made durable, answered; in that order.

A message is one short task. What two messages about the same thing must not do at once is settled
in two places: `_undecided` holds back a repeat or a reversal while the HSM looks at the original,
and the ledger tells when what an answer rests on is on the disk.
"""
import asyncio
import contextlib
import datetime
from collections.abc import Coroutine, Mapping
from typing import Any, Final, Literal

import structlog

from issuers.answers import Answers
from issuers.bank import Bank
from issuers.cards import Card
from issuers.checks import CardChecks
from issuers.codes import ResponseCode
from issuers.decision import Checked
from issuers.entry import Effect, Entry, original_key
from issuers.framing import Frame, FrameSplitter
from issuers.key_exchange import KeyExchange
from issuers.ledger import Ledger
from issuers.link import Link
from issuers.log import place_of
from issuers.messages import Codec, MalformedMessage, Message, Unwritable
from issuers.misbehaviour import ArmedRule, Misbehaviour
from issuers.session_keys import SessionKeys
from issuers.settings import HostTable
from issuers.transaction import Transaction, key_of, transaction_of
from specs.dialect import Framing
from specs.elements import DE

log = structlog.get_logger("host")

TRANSACTIONS: Final = ("10", "12", "20", "22")
REVERSALS: Final = ("40", "42")
NAMING: Final = (DE.TRANSMISSION_TIME, DE.STAN, DE.ACQUIRER_ID, DE.FORWARDER_ID)
STOP_S_MAX: Final = 5.0
FLUSH_S_MAX: Final = 1.0
NOISE_BYTES: Final = 64


class IssuerHost:
    def __init__(
        self, settings: HostTable, framing: Framing, codec: Codec, cards: Mapping[str, Card],
        bank: Bank, ledger: Ledger, checks: CardChecks, keys: SessionKeys,
        misbehaviour: Misbehaviour,
    ) -> None:
        self.misbehaviour = misbehaviour
        self._settings = settings
        self._framing = framing
        self._codec = codec
        self._answers = Answers(codec)
        self._dialect = codec.dialect
        self._network_names = {code: name for name, code in self._dialect.network_codes.items()}
        self._cards = cards
        self._bank = bank
        self._ledger = ledger
        self._checks = checks
        self._keys = KeyExchange(codec, keys)
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._undecided: dict[str, asyncio.Event] = {}
        self._stopping = asyncio.Event()
        self._deserted = asyncio.Event()

    def new_link(self) -> Link:
        """A link for a connection that was accepted."""
        return Link(self, FrameSplitter(self._framing, self._settings.frame_bytes_max))

    async def stop(self, answering: bool) -> None:
        """Answer what is in progress unless it cannot be, drop what is late on purpose, hang up."""
        self._stopping.set()
        for link in self._links:
            link.stop_reading()
        if self._tasks and answering:
            await asyncio.wait(self._tasks, timeout=STOP_S_MAX)
        for task in self._tasks:
            task.cancel()
        for link in tuple(self._links):
            link.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S_MAX if self._links else 0):
                await self._deserted.wait()

    def link_up(self, link: Link) -> bool:
        if len(self._links) >= self._settings.connections_max or self._stopping.is_set():
            return False
        self._links.add(link)
        log.info("link_up", peer=link.peer)
        return True

    def link_down(self, link: Link) -> None:
        if link in self._links:
            self._links.discard(link)
            if self._stopping.is_set() and not self._links:
                self._deserted.set()
            log.info("link_down", peer=link.peer)

    def arrived(self, link: Link, frame: Frame) -> None:
        """Read one message and answer it, at once or from a task."""
        if self._stopping.is_set():
            return
        try:
            message = self._codec.read(frame.payload)
        except MalformedMessage as error:
            self._malformed(link, frame, error)
            return
        link.malformed_in_a_row = 0
        what = message.mti[1:3]
        if self._keys.is_answer(message):
            return
        if not _is_request(message.wire_mti):
            log.warning("not_a_request", peer=link.peer, mti=message.wire_mti)
        elif what[0] == "8" and self._keys.concerns(message):
            self._start(link, self._exchanged(link, frame, message))
        elif what[0] == "8":
            self._send(link, frame, self._network_answer(link, message))
        elif self._settings.sign_on == "required" and not link.is_signed_on:
            self._send(link, frame, self._answers.coded(message, ResponseCode.NOT_SIGNED_ON))
        elif what not in TRANSACTIONS + REVERSALS:
            self._send(link, frame, self._answers.coded(message, ResponseCode.INVALID_TRANSACTION))
        elif fault := self._fault_of(message):
            log.warning("format_error", peer=link.peer, mti=message.wire_mti, element=fault)
            self._send(link, frame, self._answers.coded(message, ResponseCode.FORMAT_ERROR))
        elif len(self._tasks) >= self._settings.in_flight_max:
            self._send(link, frame, self._answers.coded(message, ResponseCode.MALFUNCTION))
        else:
            self._start(link, self._answer(link, frame, message))

    def _fault_of(self, message: Message) -> str:
        """An element that is missing, or names the message and is not digits."""
        if lacking := message.lacks(self._dialect.mandatory_for(message.wire_mti)):
            return lacking
        wrong = (str(element) for element in NAMING if message.has(element)
                 and not (message.get(element).isascii() and message.get(element).isdigit()))
        return next(wrong, "")

    def _start(self, link: Link, answer: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._finished(link, task))

    def _finished(self, link: Link, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A mistake of ours ends this link, not the bank. Its text may hold card data.
            log.error("answer_failed", peer=link.peer, error=type(error).__name__,
                      place=place_of(error))
            link.close()

    async def _answer(self, link: Link, frame: Frame, message: Message) -> None:
        at = _now()
        key = key_of(message, self._dialect.version == 1987)
        transaction = transaction_of(message, self._cards, key, at)
        rule = self.misbehaviour.rule_for(message, transaction.card)
        if rule is not None and rule.rule.does == "deaf":
            return
        done = rule.rule.does if rule is not None else ""
        if message.mti[1] == "4":
            response = await self._reversal_answer(message, key, at, done)
        else:
            response = await self._transaction_answer(transaction, done)
        await self._deliver(link, frame, response, rule)

    async def _transaction_answer(self, transaction: Transaction, misbehaviour: str) -> Message:
        key, message = transaction.key, transaction.message
        await self._decided(key)
        known = self._ledger.find(key)
        if known is None or known.effect == Effect.REVERSED_UNSEEN:
            known = await self._new_entry(transaction, known is not None, misbehaviour)
        elif not self._bank.is_repeat(transaction, known):
            log.warning("duplicate", mti=message.mti, stan=known.stan)
            return self._answers.coded(message, ResponseCode.DUPLICATE)
        await self._ledger.landed(key)
        return self._answers.decided(message, known)

    async def _new_entry(
        self, transaction: Transaction, reversed_unseen: bool, misbehaviour: str
    ) -> Entry:
        if transaction.is_advice:
            return self._bank.advise(transaction, reversed_unseen, misbehaviour)
        checked = Checked()
        self._undecided[transaction.key] = decided = asyncio.Event()
        try:
            if self._bank.refused_unchecked(transaction) is None and transaction.card is not None:
                checked = await self._checks.checked(transaction, transaction.card)
            return self._bank.authorize(transaction, checked, reversed_unseen, misbehaviour)
        finally:
            del self._undecided[transaction.key]
            decided.set()

    async def _reversal_answer(
        self, message: Message, key: str, at: str, misbehaviour: str
    ) -> Message:
        original = original_key(message.get(DE.ORIGINAL_DATA))
        if original is None:
            return self._answers.coded(message, ResponseCode.FORMAT_ERROR)
        await self._decided(original)
        known = self._ledger.find(key)
        if known is None:
            reversal = self._bank.reverse(message, key, original, at, misbehaviour)
            code = reversal.response_code
        elif known.original_key != original:
            return self._answers.coded(message, ResponseCode.DUPLICATE)
        else:
            # Remembered is as good as reversed: "not found" is said once.
            code = ResponseCode.APPROVED
        await self._ledger.landed(key)
        await self._ledger.landed(original)
        return self._answers.coded(message, code)

    async def _decided(self, key: str) -> None:
        while (undecided := self._undecided.get(key)) is not None:
            await undecided.wait()

    async def _deliver(
        self, link: Link, frame: Frame, response: Message, rule: ArmedRule | None
    ) -> None:
        """Send the answer, or spoil it as the rule says."""
        match rule.rule.does if rule is not None else "":
            case "silent":
                return
            case "hang_up":
                link.close()
                return
            case "garbage":
                assert rule is not None
                link.send(rule.noise(NOISE_BYTES), frame.tpdu)
                return
            case "slow" | "late":
                assert rule is not None
                if await self._stopped_within(rule.delay_s):
                    return
            case "wrong_stan":
                stan = (int(response.said(DE.STAN)) + 500_000) % 1_000_000
                response = response.but(DE.STAN, f"{stan:06d}")
            case "duplicate":
                self._send(link, frame, response)
        self._send(link, frame, response)

    async def _stopped_within(self, delay_s: float) -> bool:
        try:
            async with asyncio.timeout(delay_s):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    def _network_answer(self, link: Link, message: Message) -> Message:
        name = self._network_names.get(message.said(self._dialect.network_element), "")
        code = ResponseCode.APPROVED
        if name in ("sign_on", "sign_off"):
            link.is_signed_on = name == "sign_on"
        if name in ("sign_on", "sign_off", "cutover"):
            log.info(name, peer=link.peer)
        elif name != "echo":
            code = ResponseCode.INVALID_TRANSACTION
        return self._answers.network(message, code)

    async def exchange_key(self, what: Literal["deliver", "ask"]) -> str:
        """With the switch, on any link that is signed on. Returns why not."""
        link = next((one for one in self._links if one.is_signed_on), None)
        if link is None:
            return "the switch is not signed on"
        request = await self._keys.begun(what)
        if isinstance(request, str):
            return request
        self._send(link, Frame(b"", b""), request)
        return ""

    async def _exchanged(self, link: Link, frame: Frame, message: Message) -> None:
        code = await self._keys.taken(message)
        self._send(link, frame, self._answers.network(message, code))
        if code == ResponseCode.APPROVED and self._keys.is_wanted(message):
            why_not = await self.exchange_key("deliver")
            if why_not:
                log.error("key_not_delivered", reason=why_not)

    def _malformed(self, link: Link, frame: Frame, error: MalformedMessage) -> None:
        log.warning("malformed", peer=link.peer, element=error.element, offset=error.offset)
        if error.salvaged is not None and _is_request(error.salvaged.wire_mti):
            self._send(link, frame, self._answers.coded(error.salvaged, ResponseCode.FORMAT_ERROR))
        link.malformed_in_a_row += 1
        if link.malformed_in_a_row >= self._settings.malformed_max:
            log.warning("link_closed", peer=link.peer, reason="malformed_max")
            link.close()

    def _send(self, link: Link, frame: Frame, response: Message) -> None:
        try:
            payload = self._codec.write(response)
        except Unwritable as error:
            log.error("answer_unwritable", mti=response.wire_mti, reason=str(error))
            return
        link.send(payload, frame.tpdu)


def _is_request(mti: str) -> bool:
    """Whether an MTI asks for an answer (its third digit is even)."""
    return len(mti) == 4 and mti.isascii() and mti.isdigit() and int(mti[2]) % 2 == 0


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
