"""The session table, read as a transcript: (what happens, what is done)."""
from collections.abc import Callable

from router.switching.acquirer_session import AcquirerSession
from router.switching.issuer_session import IssuerSession
from router.switching.link_session import (
    TRANSITIONS,
    Action,
    Close,
    Ignored,
    LinkState,
    Moved,
    Send,
)
from router.switching.network_messages import NetworkMessages
from router.switching.stans import Stans
from router.wire.codec import Codec
from router.wire.message import Message
from specs.dialect import load_dialect
from specs.elements import DE
from tests.builders import codec, message

AT = "1124101500"
ECHO_INTERVAL_S = 30.0
ECHO_TIMEOUT_S = 5.0

Step = tuple[Callable[[], list[Action]], list[str]]


def told(actions: list[Action]) -> list[str]:
    """Actions as short words: `0800 001 #000001`, `signed_on`, `close`."""
    words = []
    for action in actions:
        if isinstance(action, Send):
            sent = action.message
            code = f" -> {sent.text(DE.RESPONSE_CODE)}" if sent.has(DE.RESPONSE_CODE) else ""
            words.append(f"{sent.mti} {sent.get(DE.NETWORK_CODE)} #{sent.text(DE.STAN)}{code}")
        elif isinstance(action, Moved):
            words.append(str(action.state))
        elif isinstance(action, Close):
            words.append("close")
        elif isinstance(action, Ignored):
            words.append(f"ignored {action.what}")
    return words


def play(steps: list[Step]) -> None:
    """Each thing happens, and what is done is compared as a list."""
    done = [told(happens()) for happens, _ in steps]
    assert done == [expected for _, expected in steps]


def issuer_session(stans: Stans | None = None) -> IssuerSession:
    return IssuerSession(
        NetworkMessages(codec(), "504900"), stans or Stans(), ECHO_INTERVAL_S, ECHO_TIMEOUT_S)


def acquirer_session(sign_on_required: bool = True) -> AcquirerSession:
    return AcquirerSession(NetworkMessages(codec(), ""), sign_on_required)


def asked(code: str | None, stan: str = "700001", mti: str = "0800") -> Message:
    return message(mti, transmission_time=AT, stan=stan, network_code=code)


def answered(stan: str, response_code: str = "00") -> Message:
    return message("0810", transmission_time=AT, stan=stan, response_code=response_code)


class Line:
    """An issuer session and a clock, so that steps read in one line."""

    def __init__(self, stans: Stans | None = None) -> None:
        self.session = issuer_session(stans)

    def connects(self, now: float = 0.0) -> Callable[[], list[Action]]:
        return lambda: self.session.connected(now, AT)

    def hears(self, heard: Message, now: float = 1.0) -> Callable[[], list[Action]]:
        def hear() -> list[Action]:
            self.session.heard(now)
            return self.session.received(heard, now, AT)
        return hear

    def ticks(self, now: float) -> Callable[[], list[Action]]:
        return lambda: self.session.tick(now, AT)

    def signs_off(self, now: float = 2.0) -> Callable[[], list[Action]]:
        return lambda: self.session.sign_off(now, AT)

    def falls(self, now: float = 3.0) -> Callable[[], list[Action]]:
        return lambda: self.session.disconnected(now, "reset")


def signed_on(line: Line) -> list[Step]:
    return [
        (line.connects(), ["signing_on", "0800 001 #000001"]),
        (line.hears(answered("000001")), ["signed_on"]),
    ]


def test_a_line_carries_traffic_once_its_sign_on_was_accepted() -> None:
    """Not a moment before: the state says so, and the state only."""
    play(signed_on(Line()))


def test_a_declined_sign_on_closes_the_line() -> None:
    """It is made again, and may be welcome then."""
    line = Line()
    play([
        (line.connects(), ["signing_on", "0800 001 #000001"]),
        (line.hears(answered("000001", "58")), ["down", "close"]),
    ])


def test_a_sign_on_that_is_not_answered_closes_the_line() -> None:
    line = Line()
    play([
        (line.connects(), ["signing_on", "0800 001 #000001"]),
        (line.ticks(ECHO_TIMEOUT_S - 0.1), []),
        (line.ticks(ECHO_TIMEOUT_S), ["down", "close"]),
    ])


def test_an_idle_line_is_asked_for_an_echo_and_stays_up() -> None:
    line = Line()
    play([
        *signed_on(line),
        (line.ticks(1.0 + ECHO_INTERVAL_S - 0.1), []),
        (line.ticks(1.0 + ECHO_INTERVAL_S), ["0800 301 #000002"]),
        (line.hears(answered("000002"), 32.0), []),
        (line.ticks(33.0), []),
        (line.ticks(32.0 + ECHO_INTERVAL_S), ["0800 301 #000003"]),
    ])


def test_a_busy_line_is_asked_nothing() -> None:
    """Whatever came is a sign of life."""
    line = Line()
    play(signed_on(line))
    line.session.heard(ECHO_INTERVAL_S)
    play([(line.ticks(1.0 + ECHO_INTERVAL_S), [])])


def test_an_overdue_echo_takes_the_line_down() -> None:
    line = Line()
    play([
        *signed_on(line),
        (line.ticks(31.0), ["0800 301 #000002"]),
        (line.ticks(31.0 + ECHO_TIMEOUT_S), ["down", "close"]),
        (line.falls(), []),
    ])


def test_an_answer_under_another_number_is_nobodys() -> None:
    line = Line()
    play([
        (line.connects(), ["signing_on", "0800 001 #000001"]),
        (line.hears(answered("000009")), ["ignored network_response"]),
        (line.hears(answered("000001")), ["signed_on"]),
        (line.hears(answered("000001")), ["ignored network_response"]),
    ])


def test_a_signed_on_line_signs_off_before_it_closes() -> None:
    line = Line()
    play([
        *signed_on(line),
        (line.signs_off(), ["signing_off", "0800 002 #000002"]),
        (line.hears(answered("000002")), ["down", "close"]),
    ])


def test_a_sign_off_that_is_not_answered_closes_all_the_same() -> None:
    line = Line()
    play([
        *signed_on(line),
        (line.signs_off(), ["signing_off", "0800 002 #000002"]),
        (line.ticks(2.0 + ECHO_TIMEOUT_S), ["down", "close"]),
    ])


def test_a_line_that_is_not_signed_on_just_closes() -> None:
    line = Line()
    play([
        (line.connects(), ["signing_on", "0800 001 #000001"]),
        (line.signs_off(), ["down", "close"]),
    ])


def test_an_issuer_may_ask_too() -> None:
    """Its 0800 is answered with its own STAN; its sign-off ends traffic, its sign-on ours."""
    line = Line()
    play([
        *signed_on(line),
        (line.hears(asked("301")), ["0810 301 #700001 -> 00"]),
        (line.hears(asked("201")), ["0810 201 #700001 -> 00"]),
        (line.hears(asked("002")), ["0810 002 #700001 -> 00", "signing_on"]),
        (line.hears(asked("001", "700002")), ["0810 001 #700002 -> 00", "0800 001 #000002"]),
        (line.hears(answered("000002")), ["signed_on"]),
    ])


def test_a_line_signed_off_by_its_issuer_is_asked_about_again() -> None:
    line = Line()
    play([
        *signed_on(line),
        (line.hears(asked("002")), ["0810 002 #700001 -> 00", "signing_on"]),
        (line.ticks(1.0 + ECHO_INTERVAL_S), ["0800 001 #000002"]),
    ])


def test_what_is_not_known_is_refused() -> None:
    """12 for a code that is none, 30 where there is no code."""
    line = Line()
    play([
        *signed_on(line),
        (line.hears(asked("999")), ["0810 999 #700001 -> 12"]),
        (line.hears(asked(None)), ["0810  #700001 -> 30"]),
    ])


def test_numbers_are_given_back() -> None:
    """A number answered is free again; one that was not may still be answered, late."""
    stans = Stans()
    line = Line(stans)
    play([
        *signed_on(line),
        (line.ticks(31.0), ["0800 301 #000002"]),
        (line.falls(), ["down"]),
    ])
    assert not stans._taken
    assert set(stans._quarantined) == {2}


def test_an_acquirer_signs_on_and_off() -> None:
    """Nothing is sent to it that it did not ask for."""
    session = acquirer_session()
    assert not session.is_signed_on
    play([
        (session.connected, ["signing_on"]),
        (lambda: session.received(asked("001")), ["0810 001 #700001 -> 00", "signed_on"]),
        (lambda: session.received(asked("301")), ["0810 301 #700001 -> 00"]),
        (lambda: session.received(asked("002")), ["0810 002 #700001 -> 00", "signing_on"]),
        (lambda: session.received(asked("999")), ["0810 999 #700001 -> 12"]),
        (lambda: session.received(answered("000001")), ["ignored network_response"]),
        (lambda: session.disconnected("closed"), ["down"]),
    ])


def test_a_repeated_sign_on_is_accepted_again() -> None:
    """0801: its sender did not hear the first answer."""
    session = acquirer_session()
    play([
        (session.connected, ["signing_on"]),
        (lambda: session.received(asked("001")), ["0810 001 #700001 -> 00", "signed_on"]),
        (lambda: session.received(asked("001", mti="0801")), ["0810 001 #700001 -> 00"]),
    ])


def test_an_optional_sign_on_is_not_waited_for() -> None:
    session = acquirer_session(sign_on_required=False)
    session.connected()
    assert session.is_signed_on
    session.received(asked("002"))
    assert session.is_signed_on


def test_a_peer_of_1993_is_answered_in_its_own_codes() -> None:
    """Function code (DE 24) instead of DE 70, and three digits of DE 39."""
    of_1993 = Codec(load_dialect("iso93-ascii"))
    network_element = of_1993.dialect.network_element
    session = AcquirerSession(NetworkMessages(of_1993, ""), sign_on_required=True)
    session.connected()
    request = of_1993.written("1804", {
        DE.TRANSMISSION_TIME: AT, DE.STAN: "700001",
        network_element: of_1993.dialect.network_codes["sign_on"]})
    answer = session.received(request)[0]
    assert isinstance(answer, Send)
    assert answer.message.mti == "1814"
    assert answer.message.text(DE.RESPONSE_CODE) == "800"
    assert session.state is LinkState.SIGNED_ON


def test_every_state_hears_of_the_end_of_its_connection() -> None:
    """Whatever a session waits for, a connection that falls ends it."""
    assert {events[event] for events in TRANSITIONS.values() for event in events
            if event == "disconnected"} == {LinkState.DOWN}
    assert all("disconnected" in events for events in TRANSITIONS.values())
