"""The session with one peer over one connection: who signed on, who is silent, who says good-bye.

TRANSITIONS is the whole protocol; nothing else moves a state. Events go in as method calls, actions
come out as a list for the socket's owner to carry out in order. Towards an issuer we sign on, send
an echo when the line was idle, and sign off. An acquirer signs on with us; it is sent nothing that
it did not ask for. A line carries traffic in SIGNED_ON alone.
"""

from enum import StrEnum
from typing import Final

from router.switching.network_messages import NetworkMessages, is_request
from router.switching.pending import Stans
from router.wire.message import Message
from specs.elements import DE


class LinkState(StrEnum):
    DOWN = "down"
    SIGNING_ON = "signing_on"
    SIGNED_ON = "signed_on"
    SIGNING_OFF = "signing_off"


class LinkEvent(StrEnum):
    CONNECTED = "connected"
    SIGN_ON_ACCEPTED = "sign_on_accepted"
    SIGN_ON_DECLINED = "sign_on_declined"
    PEER_SIGNED_OFF = "peer_signed_off"
    ANSWER_OVERDUE = "answer_overdue"
    SIGN_OFF_REQUESTED = "sign_off_requested"
    SIGNED_OFF = "signed_off"
    DISCONNECTED = "disconnected"


S = LinkState
E = LinkEvent
TRANSITIONS: Final[dict[LinkState, dict[LinkEvent, LinkState]]] = {
    S.DOWN: {E.CONNECTED: S.SIGNING_ON, E.DISCONNECTED: S.DOWN},
    S.SIGNING_ON: {
        E.SIGN_ON_ACCEPTED: S.SIGNED_ON,
        E.SIGN_ON_DECLINED: S.DOWN,
        E.ANSWER_OVERDUE: S.DOWN,
        E.PEER_SIGNED_OFF: S.SIGNING_ON,
        E.SIGN_OFF_REQUESTED: S.DOWN,
        E.DISCONNECTED: S.DOWN,
    },
    S.SIGNED_ON: {
        E.SIGN_ON_ACCEPTED: S.SIGNED_ON,
        E.ANSWER_OVERDUE: S.DOWN,
        E.DISCONNECTED: S.DOWN,
        E.PEER_SIGNED_OFF: S.SIGNING_ON,
        E.SIGN_OFF_REQUESTED: S.SIGNING_OFF,
    },
    S.SIGNING_OFF: {
        E.SIGNED_OFF: S.DOWN,
        E.ANSWER_OVERDUE: S.DOWN,
        E.PEER_SIGNED_OFF: S.DOWN,
        E.DISCONNECTED: S.DOWN,
    },
}


class Send:
    """Write this to the peer."""

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message


class Moved:
    """The state changed; `because` is for the log."""

    __slots__ = ("because", "state")

    def __init__(self, state: LinkState, because: str) -> None:
        self.state = state
        self.because = because


class Close:
    """This connection is of no use any more."""

    __slots__ = ()


class Ignored:
    """Nothing here asked for it: counted, nothing more."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what


Action = Send | Moved | Close | Ignored
CLOSE: Final = Close()


class IssuerSession:
    """Our side of a line to an issuer. Times are instants in seconds."""

    __slots__ = (
        "_asked",
        "_asked_at",
        "_echo_interval_s",
        "_echo_timeout_s",
        "_heard_at",
        "_messages",
        "_stan",
        "_stans",
        "state",
    )

    def __init__(
        self,
        messages: NetworkMessages,
        stans: Stans,
        echo_interval_s: float,
        echo_timeout_s: float,
    ) -> None:
        self.state = S.DOWN
        self._messages = messages
        self._stans = stans
        self._echo_interval_s = echo_interval_s
        self._echo_timeout_s = echo_timeout_s
        self._asked = ""  # what we wait for an answer to: sign_on, echo, sign_off
        self._stan = ""
        self._asked_at = 0.0
        self._heard_at = 0.0

    def connected(self, now: float, transmission_time: str) -> list[Action]:
        """We sign on at once."""
        self._heard_at = now
        return [
            *self._moved(E.CONNECTED, "connected"),
            *self._ask("sign_on", now, transmission_time),
        ]

    def heard(self, now: float) -> None:
        """Anything came: the line is not idle."""
        self._heard_at = now

    def received(self, message: Message, now: float, transmission_time: str) -> list[Action]:
        """A network management message of the issuer."""
        if is_request(message.mti):
            return self._requested(message, now, transmission_time)
        if not self._asked or message.get(DE.STAN) != self._stan:
            return [Ignored("network_response")]
        return self._answered(self._messages.accepts(message), now)

    def tick(self, now: float, transmission_time: str) -> list[Action]:
        """Echo when idle; an answer that is overdue ends the session."""
        if self._asked:
            if now - self._asked_at < self._echo_timeout_s:
                return []
            asked = self._asked
            self._give_up(now)
            return [*self._moved(E.ANSWER_OVERDUE, f"no answer to {asked}"), CLOSE]
        if now - self._heard_at < self._echo_interval_s:
            return []
        if self.state is S.SIGNED_ON:
            return self._ask("echo", now, transmission_time)
        if self.state is S.SIGNING_ON:  # the issuer had signed off: we ask whether it is back
            return self._ask("sign_on", now, transmission_time)
        return []

    def sign_off(self, now: float, transmission_time: str) -> list[Action]:
        """We want to end it."""
        if self.state is not S.SIGNED_ON:
            return [*self._moved(E.SIGN_OFF_REQUESTED, "stopping"), CLOSE]
        self._give_up(now)
        return [
            *self._moved(E.SIGN_OFF_REQUESTED, "stopping"),
            *self._ask("sign_off", now, transmission_time),
        ]

    def disconnected(self, now: float, because: str) -> list[Action]:
        """The connection is gone."""
        self._give_up(now)
        return self._moved(E.DISCONNECTED, because)

    def _requested(self, message: Message, now: float, transmission_time: str) -> list[Action]:
        what = self._messages.asked_for(message)
        if what in ("echo", "cutover"):
            return [Send(self._messages.accepted(message))]
        if what == "sign_on":
            answer: list[Action] = [Send(self._messages.accepted(message))]
            if self.state is S.SIGNING_ON and not self._asked:
                answer += self._ask("sign_on", now, transmission_time)
            return answer
        if what == "sign_off":
            self._give_up(now)
            moved = self._moved(E.PEER_SIGNED_OFF, "the issuer signed off")
            return [Send(self._messages.accepted(message)), *moved]
        return [Send(self._messages.refused(message))]

    def _answered(self, accepted: bool, now: float) -> list[Action]:
        asked, self._asked = self._asked, ""
        self._stans.free(self._stan)
        if asked == "sign_on":
            if accepted:
                return self._moved(E.SIGN_ON_ACCEPTED, "signed on")
            return [*self._moved(E.SIGN_ON_DECLINED, "the issuer declines the sign-on"), CLOSE]
        if asked == "sign_off":
            return [*self._moved(E.SIGNED_OFF, "signed off"), CLOSE]
        return []

    def _ask(self, what: str, now: float, transmission_time: str) -> list[Action]:
        stan = self._stans.take(now)
        if stan is None:
            return [Ignored("no_stan_free")]  # asked again at the next tick, when one is free
        self._asked, self._stan, self._asked_at = what, stan, now
        return [Send(self._messages.request(what, stan, transmission_time))]

    def _give_up(self, now: float) -> None:
        if self._asked:
            self._asked = ""
            self._stans.quarantine(self._stan, now)

    def _moved(self, event: LinkEvent, because: str) -> list[Action]:
        before = self.state
        self.state = TRANSITIONS[before].get(event, before)
        return [Moved(self.state, because)] if self.state is not before else []


class AcquirerSession:
    """Our side of a link that an acquirer opened: it asks, we answer."""

    __slots__ = ("_messages", "_sign_on_required", "state")

    def __init__(self, messages: NetworkMessages, sign_on_required: bool) -> None:
        self.state = S.DOWN
        self._messages = messages
        self._sign_on_required = sign_on_required

    @property
    def is_signed_on(self) -> bool:
        """True, too, where a sign-on is optional."""
        return self.state is S.SIGNED_ON or not self._sign_on_required

    def connected(self) -> list[Action]:
        """Nothing is sent."""
        return self._moved(E.CONNECTED, "connected")

    def received(self, message: Message) -> list[Action]:
        """A network management message of the acquirer."""
        if not is_request(message.mti):
            return [Ignored("network_response")]
        what = self._messages.asked_for(message)
        if what == "sign_on":
            moved = self._moved(E.SIGN_ON_ACCEPTED, "signed on")
        elif what == "sign_off":
            moved = self._moved(E.PEER_SIGNED_OFF, "signed off")
        elif what in ("echo", "cutover"):
            moved = []
        else:
            return [Send(self._messages.refused(message))]
        return [Send(self._messages.accepted(message)), *moved]

    def disconnected(self, because: str) -> list[Action]:
        """The connection is gone."""
        return self._moved(E.DISCONNECTED, because)

    def _moved(self, event: LinkEvent, because: str) -> list[Action]:
        before = self.state
        self.state = TRANSITIONS[before].get(event, before)
        return [Moved(self.state, because)] if self.state is not before else []
