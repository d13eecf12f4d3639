"""The session with one peer over one connection: who signed on, who is silent, who says good-bye.

TRANSITIONS is the whole protocol; nothing else moves a state. Events go in as method calls (of
`IssuerSession` or `AcquirerSession`), actions come out as a list for the socket's owner to carry
out in order. A line carries traffic in SIGNED_ON alone.
"""

from enum import StrEnum
from typing import Final

from router.wire.message import Message


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


class KeyOffered:
    """The peer delivers a session key; its request is answered once the key is imported, or not."""

    __slots__ = ("request",)

    def __init__(self, request: Message) -> None:
        self.request = request


class KeyAskedFor:
    """The peer wants a session key delivered; its request is answered at once."""

    __slots__ = ("request",)

    def __init__(self, request: Message) -> None:
        self.request = request


class KeyAnswered:
    """What became of the key we delivered, or asked for; `accepted` is None where none knows."""

    __slots__ = ("accepted", "what")

    def __init__(self, what: str, accepted: bool | None) -> None:
        self.what = what
        self.accepted = accepted


Action = Send | Moved | Close | Ignored | KeyOffered | KeyAskedFor | KeyAnswered
CLOSE: Final = Close()


def next_state(state: LinkState, event: LinkEvent) -> LinkState:
    """Where an event leads; what the table does not name leads nowhere."""
    return TRANSITIONS[state].get(event, state)
