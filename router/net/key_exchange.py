"""Session keys of one peer, exchanged on its lines: asked for (161), delivered (162), taken.

A key is on the disk before anybody may use it. Towards an issuer we encrypt: a new key is used
once the issuer is known to have it. From an acquirer we decrypt: a new key counts from the moment
the acquirer may have it, beside the former. Whatever fails, the keys there are stay in use.
"""
import asyncio
import hmac
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from router.net.hsm_client import HsmAway, HsmClient
from router.net.key_store import KeptKeys, KeyStore
from router.net.observer import RouterObserver
from router.switching.network_messages import NetworkMessages
from router.switching.peers import Issuer
from router.switching.pin_key import PinKey
from router.switching.ports import Clock
from router.switching.session_keys import KEYS_MAX, ReceivedKeys
from router.wire import hsm_frames, hsm_key_frames
from router.wire.message import Message
from specs.key_text import OfferedKey, offered_key

RETRY_AFTER_S: Final = 60.0
ANSWER_WITHIN_S: Final = 120.0  # sessions say sooner what became of their question
AES_FORMAT: Final = "48"
REMEDIES: Final = {
    ("A0", "17"): ": authorise export.001 on it, or let the peer deliver",
    ("A6", "17"): ": authorise import.001 on it",
    ("A6", "A4"): ": the key is under another ZMK",
}

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]


class ExchangeFailed(Exception):
    """Why the keys there are stay in use."""


class KeyLink(Protocol):
    """A connection of the peer that may carry network messages now."""

    @property
    def messages(self) -> NetworkMessages: ...

    def deliver_key(self, text: str) -> bool:
        """False: not on this one now. Else the exchange hears `answered`."""

    def ask_for_key(self) -> bool:
        """As `deliver_key`."""

    def send_network(self, message: Message) -> None: ...


class PeerKeys(Protocol):
    """Whose PIN blocks the keys are for."""

    @property
    def side(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def keys(self) -> Sequence[PinKey]:
        """That count now, the newest last."""

    @property
    def we_decrypt(self) -> bool: ...

    def with_key(self, key: PinKey) -> Sequence[PinKey]:
        """What is to be kept when this one is taken."""

    def take(self, key: PinKey) -> None:
        """From now on."""

    def confirmed(self, link: KeyLink, key: PinKey, now: float) -> None:
        """The peer said on this link that it has it."""

    def former_ended(self, now: float) -> bool:
        """True when a former key ended just now."""

    def forget(self, link: KeyLink) -> None:
        """It is closed."""


class IssuerKeys:
    """We encrypt under the newest."""

    side = "issuer"
    we_decrypt = False

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    @property
    def name(self) -> str:
        return self._issuer.name

    @property
    def keys(self) -> Sequence[PinKey]:
        key = self._issuer.pin_key
        assert key is not None, "the settings demand one"
        return (key,)

    def with_key(self, key: PinKey) -> Sequence[PinKey]:
        return (key,)

    def take(self, key: PinKey) -> None:
        self._issuer.session_key = key

    def confirmed(self, link: KeyLink, key: PinKey, now: float) -> None:
        """It is taken; nothing else follows."""

    def former_ended(self, now: float) -> bool:
        return False

    def forget(self, link: KeyLink) -> None:
        """All lines are under one key."""


class AcquirerKeys:
    """We decrypt under any of them."""

    side = "acquirer"
    we_decrypt = True

    def __init__(self, name: str, received: ReceivedKeys) -> None:
        self.name = name
        self.received = received

    @property
    def keys(self) -> Sequence[PinKey]:
        return self.received.keys

    def with_key(self, key: PinKey) -> Sequence[PinKey]:
        return [*self.received.keys, key][-KEYS_MAX:]

    def take(self, key: PinKey) -> None:
        self.received.offer(key)

    def confirmed(self, link: KeyLink, key: PinKey, now: float) -> None:
        self.received.used(link, key, now)

    def former_ended(self, now: float) -> bool:
        return self.received.end_former(now)

    def forget(self, link: KeyLink) -> None:
        self.received.forget(link)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What is agreed about keys with one peer."""

    zmk_under_lmk: str
    we: str  # "deliver" or "ask", at our times
    scheme: str  # of a key under the ZMK
    every_s: float  # 0: by hand, or when the peer wants it


def nobody_else() -> None:
    """There is one worker: nobody is to be told."""


class KeyExchange:
    """One peer's. `links` are those that may carry network messages now."""

    def __init__(
        self, peer: PeerKeys, terms: KeyTerms, base: PinKey, hsm: HsmClient, store: KeyStore,
        observer: RouterObserver, clock: Clock, wall: Callable[[], float], spawn: Spawn,
        kept: KeptKeys | None,
    ) -> None:
        self.peer = peer
        self.terms = terms
        self.base = base
        self.exchanged_at = kept.at if kept is not None else 0.0
        self.links: Callable[[], Sequence[KeyLink]] = list
        self.kept_anew: Callable[[], None] = nobody_else
        self._hsm = hsm
        self._store = store
        self._observer = observer
        self._clock = clock
        self._wall = wall
        self._spawn = spawn
        self._turn = asyncio.Lock()  # what is kept is what is in memory
        self._answers: dict[KeyLink, asyncio.Future[bool | None]] = {}
        self._is_busy = False
        self._not_before = 0.0

    @property
    def newest(self) -> PinKey:
        """Delivered last."""
        return self.peer.keys[-1]

    def tick(self) -> None:
        """Due by its schedule; a former key that ends."""
        now = self._clock.now()
        if self.peer.former_ended(now):
            self._spawn(f"keys of {self.peer.name}", self._forget_former())
        is_due = self.terms.every_s and self._wall() >= self.exchanged_at + self.terms.every_s
        if is_due and now >= self._not_before and self.links():
            self.start("schedule")

    def start(self, by: str) -> str:
        """Deliver or ask, as agreed. Returns why not; empty when it is under way."""
        if self._is_busy:
            return "an exchange is under way"
        if not self.links():
            return "no line is signed on"
        self._not_before = self._clock.now() + RETRY_AFTER_S
        work = self._deliver(None, by) if self.terms.we == "deliver" else self._ask(by)
        self._run(work)
        return ""

    def read_again(self) -> None:
        """Another worker exchanged a key with this issuer: it has it, and so may we use it."""
        kept = self._store.kept(self.peer.side, self.peer.name, self.base)
        if kept is not None and kept.keys[-1] != self.newest:
            self.peer.take(kept.keys[-1])
            self.exchanged_at = kept.at
            self._changed(self.newest, "exchanged by another worker")

    # What the links hear.

    def offered(self, link: KeyLink, request: Message) -> None:
        """162 of the peer: answered when its key is on the disk, or not taken."""
        self._spawn(f"keys of {self.peer.name}", self._take(link, request))

    def asked_for(self, link: KeyLink) -> None:
        """161 of the peer, answered already."""
        if not self._is_busy:
            self._run(self._deliver(link, "peer"))

    def answered(self, link: KeyLink, what: str, accepted: bool | None) -> None:
        """What became of our 161 or 162; None where nobody knows."""
        answer = self._answers.pop(link, None)
        if answer is not None and not answer.done():
            answer.set_result(accepted)

    def closed(self, link: KeyLink) -> None:
        """The connection is gone."""
        self.peer.forget(link)

    # The exchanges.

    def _run(self, work: Coroutine[Any, Any, str]) -> None:
        self._is_busy = True
        self._spawn(f"keys of {self.peer.name}", self._supervised(work))

    async def _supervised(self, work: Coroutine[Any, Any, str]) -> None:
        try:
            fault = await work
        except ExchangeFailed as error:
            fault = str(error)
        finally:
            self._is_busy = False
        if fault:
            self._failed(fault)

    def _failed(self, why: str) -> None:
        self._observer.alarm(
            "session_key_not_changed", peer=self.peer.name, side=self.peer.side, why=why,
            kcv_in_use=self.newest.kcv)

    async def _deliver(self, link: KeyLink | None, by: str) -> str:
        key, offered = await self._made()
        if self.peer.we_decrypt:
            await self._adopt(key)
        text = offered.text()
        chosen = self._chosen(link, lambda one: one.deliver_key(text))
        accepted = await self._answer(chosen) if chosen is not None else None
        if accepted is None:
            return "no answer to 162: nobody knows whether the peer has the key"
        if not accepted:
            return "the peer declines the key"
        if self.peer.we_decrypt:
            self.peer.confirmed(chosen, key, self._clock.now())  # type: ignore[arg-type]
        else:
            await self._adopt(key)
        self._changed(key, f"delivered ({by})")
        return ""

    async def _ask(self, by: str) -> str:
        chosen = self._chosen(None, lambda one: one.ask_for_key())
        accepted = await self._answer(chosen) if chosen is not None else None
        if not accepted:
            return "no answer to 161" if accepted is None else "the peer declines 161"
        self._observer.happened("session_key_asked_for", peer=self.peer.name, by=by)
        return ""

    async def _take(self, link: KeyLink, request: Message) -> None:
        try:
            key = await self._imported(offered_key(link.messages.key_in(request)))
            await self._adopt(key)
        except ExchangeFailed as error:
            self._failed(str(error))
            link.send_network(link.messages.key_refused(request))
            return
        link.send_network(link.messages.accepted(request))
        self._changed(key, "taken")

    def _changed(self, key: PinKey, how: str) -> None:
        self._observer.happened(
            "session_key_changed", peer=self.peer.name, side=self.peer.side, kcv=key.kcv, how=how)

    def _chosen(
        self, wanted: KeyLink | None, begins: Callable[[KeyLink], bool]
    ) -> KeyLink | None:
        """The link it was begun on."""
        for link in [wanted] if wanted is not None else self.links():
            if link not in self._answers and begins(link):
                self._answers[link] = asyncio.get_running_loop().create_future()
                return link
        return None

    async def _answer(self, link: KeyLink) -> bool | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._answers[link]
        except TimeoutError:
            return None
        finally:
            self._answers.pop(link, None)

    # The HSM and the disk.

    async def _made(self) -> tuple[PinKey, OfferedKey]:
        newest, terms = self.newest, self.terms
        answer = await self._said(hsm_key_frames.make_key(
            newest.kind, terms.zmk_under_lmk, terms.scheme, newest.block_format == AES_FORMAT))
        try:
            under_lmk, under_zmk, kcv = hsm_key_frames.made_key(answer)
        except hsm_frames.MalformedAnswer as fault:
            raise ExchangeFailed(f"the HSM answers A0 with nonsense: {fault}") from None
        return replace(newest, under_lmk=under_lmk, kcv=kcv), OfferedKey(under_zmk, kcv)

    async def _imported(self, offered: OfferedKey | None) -> PinKey:
        if offered is None:
            raise ExchangeFailed("what the peer delivers is no key under the ZMK and its KCV")
        newest = self.newest
        answer = await self._said(hsm_key_frames.import_key(
            newest.kind, self.terms.zmk_under_lmk, offered.under_zmk))
        try:
            under_lmk, kcv = hsm_key_frames.imported_key(answer)
        except hsm_frames.MalformedAnswer as fault:
            raise ExchangeFailed(f"the HSM answers A6 with nonsense: {fault}") from None
        if not hmac.compare_digest(kcv, offered.kcv[:len(kcv)]):
            raise ExchangeFailed(f"the peer says KCV {offered.kcv}, the HSM finds {kcv}")
        return replace(newest, under_lmk=under_lmk, kcv=kcv)

    async def _said(self, command: bytes) -> bytes:
        verb = command[:2].decode()
        try:
            answer = await self._hsm.ask(command)
            error = hsm_frames.error_of(answer, command)
        except HsmAway:
            raise ExchangeFailed("the HSM does not answer") from None
        except hsm_frames.MalformedAnswer as fault:
            raise ExchangeFailed(f"the HSM answers {verb} with nonsense: {fault}") from None
        if error != hsm_frames.ACCEPTED:
            remedy = REMEDIES.get((verb, error), "")
            raise ExchangeFailed(f"the HSM answers {verb} with error {error}{remedy}")
        return answer

    async def _adopt(self, key: PinKey) -> None:
        async with self._turn:
            at = self._wall()
            await self._keep(self.peer.with_key(key), at)
            self.peer.take(key)
            self.exchanged_at = at
        self.kept_anew()

    async def _forget_former(self) -> None:
        async with self._turn:
            await self._keep(self.peer.keys, self.exchanged_at)

    async def _keep(self, keys: Sequence[PinKey], at: float) -> None:
        try:
            await asyncio.to_thread(
                self._store.keep, self.peer.side, self.peer.name, self.base, keys, at)
        except sqlite3.Error as error:
            raise ExchangeFailed(f"the disk refuses: {error}") from None
