"""Our side of a link that an acquirer opened: it asks, we answer; session keys go both ways."""

from typing import Final

from router.switching.link_session import (
    Action,
    Ignored,
    KeyAnswered,
    KeyAskedFor,
    KeyOffered,
    LinkEvent,
    LinkState,
    Moved,
    Send,
    next_state,
)
from router.switching.network_messages import KEY_MESSAGES, NetworkMessages, is_request
from router.switching.stans import STAN_MAX
from router.wire.message import Message
from specs.elements import DE

S = LinkState
E = LinkEvent
SIGNED_ON: Final = LinkState.SIGNED_ON  # compiled, the name of a member is looked up at each use


class AcquirerSession:
    """It is sent nothing that it did not ask for, but the session keys that were agreed on."""

    __slots__ = (
        "_answer_within_s",
        "_asked",
        "_asked_at",
        "_messages",
        "_sign_on_required",
        "_stan",
        "exchanges_keys",
        "state",
    )

    def __init__(
        self,
        messages: NetworkMessages,
        sign_on_required: bool,
        exchanges_keys: bool = False,
        answer_within_s: float = 10.0,
    ) -> None:
        self.state = S.DOWN
        self.exchanges_keys = exchanges_keys  # a ZMK is agreed; else 161 and 162 hear 12
        self._messages = messages
        self._sign_on_required = sign_on_required
        self._answer_within_s = answer_within_s
        self._asked = ""  # new_key or key_request
        self._asked_at = 0.0
        self._stan = 0  # ours on this link: only our own 0800 have one

    @property
    def is_signed_on(self) -> bool:
        """True, too, where a sign-on is optional."""
        return not self._sign_on_required or self.state is SIGNED_ON

    def connected(self) -> list[Action]:
        """Nothing is sent."""
        return self._moved(E.CONNECTED, "connected")

    def received(self, message: Message) -> list[Action]:
        """A network management message of the acquirer."""
        if not is_request(message.mti):
            return self._answered(message)
        what = self._messages.asked_for(message)
        moved: list[Action] = []
        if what == "sign_on":
            moved = self._moved(E.SIGN_ON_ACCEPTED, "signed on")
        elif what == "sign_off":
            moved = self._moved(E.PEER_SIGNED_OFF, "signed off")
        elif self.exchanges_keys and what == "new_key":
            return [KeyOffered(message)]
        elif self.exchanges_keys and what == "key_request":
            moved = [KeyAskedFor(message)]
        elif what not in ("echo", "cutover"):
            return [Send(self._messages.refused(message))]
        return [Send(self._messages.accepted(message)), *moved]

    def deliver_key(self, key: str, now: float, transmission_time: str) -> list[Action]:
        """`KeyAnswered` says what became of it; nothing at all where one is being answered."""
        return self._ask("new_key", key, now, transmission_time)

    def ask_for_key(self, now: float, transmission_time: str) -> list[Action]:
        """The acquirer is to deliver one; as `deliver_key`."""
        return self._ask("key_request", "", now, transmission_time)

    def tick(self, now: float) -> list[Action]:
        """An answer about a key that is overdue: nobody knows whether the acquirer has it."""
        if self._asked and now - self._asked_at >= self._answer_within_s:
            return self._give_up()
        return []

    def disconnected(self, because: str) -> list[Action]:
        """The connection is gone."""
        return [*self._give_up(), *self._moved(E.DISCONNECTED, because)]

    def _ask(self, what: str, key: str, now: float, transmission_time: str) -> list[Action]:
        if self._asked or not self.is_signed_on:
            return []
        self._stan = self._stan % STAN_MAX + 1
        self._asked, self._asked_at = what, now
        stan = f"{self._stan:06d}"
        return [Send(self._messages.request(what, stan, transmission_time, key))]

    def _answered(self, message: Message) -> list[Action]:
        if self._asked not in KEY_MESSAGES or message.get(DE.STAN) != f"{self._stan:06d}":
            return [Ignored("network_response")]
        asked, self._asked = self._asked, ""
        return [KeyAnswered(asked, self._messages.accepts(message))]

    def _give_up(self) -> list[Action]:
        asked, self._asked = self._asked, ""
        return [KeyAnswered(asked, None)] if asked else []

    def _moved(self, event: LinkEvent, because: str) -> list[Action]:
        before = self.state
        self.state = next_state(before, event)
        return [Moved(self.state, because)] if self.state is not before else []
