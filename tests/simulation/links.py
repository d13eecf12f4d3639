"""The router's ends of its connections: sessions are the real ones, sockets are simulated.

They watch what the router does: each request is answered once and in time, nothing leaves late.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from router.switching import message_types
from router.switching.acquirer_session import AcquirerSession
from router.switching.issuer_session import IssuerSession
from router.switching.link_session import Action, Close, LinkState, Moved, Send
from router.switching.network_messages import (
    DRAINING,
    NetworkMessages,
    is_network_management,
    refusal,
)
from router.switching.peers import Acquirer, AcquirerLink, Issuer
from router.switching.pending import IssuerPort, Line
from router.wire.message import Message
from specs.elements import DE
from tests.simulation.plain import plain
from tests.simulation.world import End

if TYPE_CHECKING:
    from tests.simulation.router_process import RouterProcess

SILENT_WITHIN_S: Final = 0.3  # of the deadline: until then the disk may yet go on
ECHO_INTERVAL_S: Final = 15.0
ECHO_TIMEOUT_S: Final = 4.0
Owed = tuple[str, str, str, str]  # MTI class, DE 11, DE 7, DE 37


@dataclass
class Asked:
    """A request on a link, and whether it heard its answer."""

    message: Message
    purchase: str
    deadline: float
    is_answered: bool = False
    may_stay_silent: bool = False


class LinkPort(AcquirerLink):
    """An acquirer's link, and every answer that is owed on it."""

    def __init__(self, process: "RouterProcess", acquirer: Acquirer, signs_on: bool, end: End):
        super().__init__(acquirer)
        self.end = end
        self.owed: dict[Owed, list[Asked]] = {}
        self.session = AcquirerSession(NetworkMessages(acquirer.codec, ""), signs_on)
        self._lost: list[tuple[Message, object]] = []
        self._process = process
        self.session.connected()
        end.hear = self.hear
        end.fell = self._fell

    @property
    def is_signed_on(self) -> bool:
        return self.session.is_signed_on

    def hear(self, data: bytes) -> None:
        process = self._process
        if not process.is_alive:
            return
        message = self.acquirer.codec.scan(data)
        if is_network_management(message.mti):
            for action in self.session.received(message):
                if isinstance(action, Send):
                    self.end.send(action.message.data)
            return
        asked = Asked(message, message.get(DE.RRN), process.now() + self.acquirer.answer_within_s)
        self.owed.setdefault(key_of(message), []).append(asked)
        process.world.later(self.acquirer.answer_within_s + 0.01, lambda: self._check(asked))
        process.arrived(self, message)

    def refuse(self, message: Message) -> None:
        """The router is about to stop."""
        asked = {0: message.mti, **message.values()}
        self.reply(refusal(self.acquirer.codec, asked, DRAINING, message.header))

    def reply(self, response: Message, approval: object = None) -> bool:
        process, world = self._process, self._process.world
        process.step()
        if not self.end.is_up:
            process.heard(response, approval, 0)
            return False
        waiting = [one for one in self.owed.get(key_of(response), []) if not one.is_answered]
        in_time = [one for one in waiting if world.now < one.deadline]
        if not waiting:
            what = f"{plain(response)} answers nothing, or for the second time"
            world.violated("1, one answer", what)
        elif not in_time:
            world.violated("4, nothing stale", f"{plain(response)} after its deadline")
        else:
            min(in_time, key=lambda one: one.may_stay_silent).is_answered = True
        if world.tracing:
            world.say("router", "-> %s  %s", self.end.name, plain(response))
        if approval is not None and self.end.is_deaf and world.random.random() < 0.5:
            # Not a byte of it leaves; that is found out when the link falls.
            self._lost.append((response, approval))
        process.heard(response, approval, 1)
        return self.end.send(response.data)

    def excuse(self, mti: str, stan: str, rrn: str) -> None:
        """Silence is allowed while an approval, or what overrides it, is on its way to the disk.

        Not when somebody heard the approval, and nobody reverses it: then it is there.
        """
        if self._process.is_settled(rrn):
            return
        for ones in self.owed.values():
            for one in ones:
                is_due = one.deadline - self._process.now() < SILENT_WITHIN_S
                is_it = one.purchase == rrn and one.message.get(DE.STAN) == stan
                is_it = is_it and one.message.mti[1:] == mti[1:]
                one.may_stay_silent |= is_due and is_it

    def _fell(self) -> None:
        self.session.disconnected("fell")
        lost, self._lost = self._lost, []
        for response, approval in lost if self._process.is_alive else ():
            self._process.heard(response, approval, -1)
            self._process.conductor.undeliverable(approval)

    def _check(self, asked: Asked) -> None:
        is_owed = not asked.is_answered and not asked.may_stay_silent
        if self._process.is_alive and self.end.is_up and is_owed:
            self._process.world.violated("1, one answer", f"none for {plain(asked.message)}")


def key_of(message: Message) -> Owed:
    """Of a request and of its answer alike."""
    kind = message.mti[1] + str(int(message.mti[2]) // 2)
    return (kind, message.get(DE.STAN), message.get(DE.TRANSMISSION_TIME), message.get(DE.RRN))


class LinePort(IssuerPort):
    """A line to an issuer as router.net's IssuerLink keeps it: made again whenever it falls."""

    def __init__(self, process: "RouterProcess", line: Line, issuer: Issuer) -> None:
        self.line = line
        self.end: End | None = None
        self.is_retired = False
        self.is_over = False
        self._process = process
        self._codec = issuer.terms.codec
        self.session = IssuerSession(
            NetworkMessages(self._codec, "950400"), issuer.stans, ECHO_INTERVAL_S, ECHO_TIMEOUT_S
        )

    def connect(self) -> None:
        process = self._process
        end = process.connect(self.line.issuer_name, self.line.name)
        if end is None:
            self._again()
            return
        self.end = end
        end.hear = self._hear
        end.fell = self._fell
        self._carry_out(self.session.connected(process.now(), process.transmission_time()))

    def send(self, outbound: Message) -> bool:
        """Of the port."""
        process, world = self._process, self._process.world
        process.step()
        if self.end is None or not self.end.send(outbound.data):
            return False
        if world.tracing:
            world.say("router", "-> %s  %s", self.end.name, plain(outbound))
        process.left(outbound)
        return True

    def tick(self, now: float) -> None:
        if self.is_retired and not self.line.load and not self.is_over:
            self.sign_off()
        if self.end is not None:
            self._carry_out(self.session.tick(now, self._process.transmission_time()))

    def retire(self) -> None:
        """What waits on it may still be answered."""
        self.is_retired = True
        self.line.carries_traffic = False

    def sign_off(self) -> None:
        self.is_over = True
        process = self._process
        if self.end is not None:
            self._carry_out(self.session.sign_off(process.now(), process.transmission_time()))
        else:
            process.ended(self)

    def _hear(self, data: bytes) -> None:
        process = self._process
        if not process.is_alive:
            return
        now = process.now()
        self.session.heard(now)
        message = self._codec.scan(data)
        if is_network_management(message.mti):
            self._carry_out(self.session.received(message, now, process.transmission_time()))
        elif message_types.is_response(message.mti):
            process.wake()
            process.conductor.respond(self.line, message)

    def _fell(self) -> None:
        process = self._process
        self.end = None
        if process.is_alive:
            process.world.say("router", "line %s fell", self.line.name)
            self._carry_out(self.session.disconnected(process.now(), "fell"))
            self._again()

    def _again(self) -> None:
        if self.is_over:
            self._process.ended(self)
        else:
            self._process.later(self._process.world.random.uniform(0.2, 2.0), self._reconnect)

    def _reconnect(self) -> None:
        if self.is_over:
            self._process.ended(self)
        else:
            self.connect()

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send) and self.end is not None:
                self.end.send(action.message.data)
            elif isinstance(action, Moved):
                self._moved(action.state)
            elif isinstance(action, Close) and self.end is not None:
                self.end.abort()

    def _moved(self, state: LinkState) -> None:
        process = self._process
        process.world.say("router", "line %s is %s", self.line.name, state)
        if state is LinkState.SIGNED_ON:
            if not self.is_retired:
                self.line.port = self
                process.conductor.line_up(self.line)
        elif state is LinkState.DOWN:
            self.line.port = None
            process.conductor.line_fell(self.line)
        else:
            self.line.carries_traffic = False
