"""Our side of a line to an issuer: sign on, echo when it was idle, session keys, sign off."""

from router.switching.link_session import (
    CLOSE,
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
from router.switching.stans import Stans
from router.wire.message import Message
from specs.elements import DE

S = LinkState
E = LinkEvent


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
        "_wanted",
        "_wanted_key",
        "exchanges_keys",
        "state",
    )

    def __init__(
        self,
        messages: NetworkMessages,
        stans: Stans,
        echo_interval_s: float,
        echo_timeout_s: float,
        exchanges_keys: bool = False,
    ) -> None:
        self.state = S.DOWN
        self.exchanges_keys = exchanges_keys  # a ZMK is agreed; else 161 and 162 hear 12
        self._messages = messages
        self._stans = stans
        self._echo_interval_s = echo_interval_s
        self._echo_timeout_s = echo_timeout_s
        self._asked = ""  # what we wait for an answer to: sign_on, echo, new_key, sign_off ...
        self._stan = ""
        self._asked_at = 0.0
        self._heard_at = 0.0
        self._wanted = ""  # new_key or key_request, as soon as nothing else is asked
        self._wanted_key = ""

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
            unanswered = self._give_up(now)
            return [*unanswered, *self._moved(E.ANSWER_OVERDUE, f"no answer to {asked}"), CLOSE]
        if self._wanted and self.state is S.SIGNED_ON:
            return self._ask(self._wanted, now, transmission_time, self._wanted_key)
        if now - self._heard_at < self._echo_interval_s:
            return []
        if self.state is S.SIGNED_ON:
            return self._ask("echo", now, transmission_time)
        if self.state is S.SIGNING_ON:  # the issuer had signed off: we ask whether it is back
            return self._ask("sign_on", now, transmission_time)
        return []

    def deliver_key(self, key: str) -> bool:
        """At the next tick; `KeyAnswered` says what became of it. False: not on this line now."""
        return self._want("new_key", key)

    def ask_for_key(self) -> bool:
        """The issuer is to deliver one; as `deliver_key`."""
        return self._want("key_request", "")

    def _want(self, what: str, key: str) -> bool:
        if self.state is not S.SIGNED_ON or self._wanted or self._asked in KEY_MESSAGES:
            return False
        self._wanted, self._wanted_key = what, key
        return True

    def sign_off(self, now: float, transmission_time: str) -> list[Action]:
        """We want to end it."""
        if self.state is not S.SIGNED_ON:
            return [*self._moved(E.SIGN_OFF_REQUESTED, "stopping"), CLOSE]
        unanswered = self._give_up(now)
        return [
            *unanswered,
            *self._moved(E.SIGN_OFF_REQUESTED, "stopping"),
            *self._ask("sign_off", now, transmission_time),
        ]

    def disconnected(self, now: float, because: str) -> list[Action]:
        """The connection is gone."""
        return [*self._give_up(now), *self._moved(E.DISCONNECTED, because)]

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
            unanswered = self._give_up(now)
            moved = self._moved(E.PEER_SIGNED_OFF, "the issuer signed off")
            return [Send(self._messages.accepted(message)), *unanswered, *moved]
        if self.exchanges_keys and what == "new_key":
            return [KeyOffered(message)]
        if self.exchanges_keys and what == "key_request":
            return [Send(self._messages.accepted(message)), KeyAskedFor(message)]
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
        if asked in KEY_MESSAGES:
            return [KeyAnswered(asked, accepted)]
        return []

    def _ask(
        self, what: str, now: float, transmission_time: str, key: str = ""
    ) -> list[Action]:
        stan = self._stans.take(now)
        if stan is None:
            return [Ignored("no_stan_free")]  # asked again at the next tick, when one is free
        self._asked, self._stan, self._asked_at = what, stan, now
        if what == self._wanted:
            self._wanted = self._wanted_key = ""
        return [Send(self._messages.request(what, stan, transmission_time, key))]

    def _give_up(self, now: float) -> list[Action]:
        """Nothing that was asked, or was to be, will be answered any more."""
        asked, wanted = self._asked, self._wanted
        if asked:
            self._asked = ""
            self._stans.quarantine(self._stan, now)
        self._wanted = self._wanted_key = ""
        return [KeyAnswered(what, None) for what in (asked, wanted) if what in KEY_MESSAGES]

    def _moved(self, event: LinkEvent, because: str) -> list[Action]:
        before = self.state
        self.state = next_state(before, event)
        return [Moved(self.state, because)] if self.state is not before else []
