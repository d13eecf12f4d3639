"""Whatever happens in whatever order: every request that left is answered once or reversed once."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Answered
from tests.builders import purchase, reversal
from tests.switching.desk import Desk, HandClock, Terminal, Wire, bank

ISSUER_TIMEOUT_S = 6.0
ANSWER_WITHIN_S = 10.0
NUMBERS = st.integers(1, 4)


@dataclass
class WatchedWire(Wire):
    """What went out on a line, and when."""

    clock: HandClock = field(default_factory=HandClock)
    at: list[float] = field(default_factory=list)

    def send(self, outbound: Message) -> bool:
        if self.takes:
            self.at.append(self.clock.seconds)
        return super().send(outbound)


def numbered(number: int, mti: str = "0100") -> Message:
    return purchase(mti, stan=f"{number:06d}", rrn=f"{number:012d}")


def rrn_of(number: int) -> str:
    return numbered(number).text(DE.RRN)


class Switching(RuleBasedStateMachine):
    """One issuer on two lines; four purchases, each asked, repeated and reversed at will."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.desk = self.watched(Desk(bank("atlas", lines=2), clock=self.clock))
        self.terminals: list[Terminal] = []
        self.asked: Counter[tuple[int, str, str]] = Counter()  # link, kind, STAN
        self.last_asked: dict[str, float] = {}
        self.reversal_asked: set[str] = set()
        self.sent: list[tuple[float, Message]] = []  # by all processes so far
        self.plug_in()

    def watched(self, desk: Desk) -> Desk:
        for line in desk.issuers[0].lines:
            line.port = WatchedWire(clock=self.clock)
        return desk

    def plug_in(self) -> None:
        self.terminals += [self.desk.terminal(answer_within_s=ANSWER_WITHIN_S) for _ in range(2)]

    def on_lines(self) -> list[tuple[float, int, Message]]:
        found = []
        for place, line in enumerate(self.desk.issuers[0].lines):
            assert isinstance(line.port, WatchedWire)
            times = zip(line.port.at, line.port.sent, strict=True)
            found += [(at, place, message) for at, message in times]
        return found

    def everything_sent(self) -> list[tuple[float, Message]]:
        return self.sent + [(at, message) for at, _, message in self.on_lines()]

    def ask(self, link: int, message: Message) -> None:
        place = len(self.terminals) - 2 + link
        self.asked[place, message.mti[1], message.text(DE.STAN)] += 1
        if message.mti[1] == "4":
            self.reversal_asked.add(message.text(DE.RRN))
        else:
            self.last_asked[message.text(DE.RRN)] = self.clock.seconds
        self.desk.arrive(self.terminals[place], message)

    # What acquirers do.

    @rule(number=NUMBERS, link=st.integers(0, 1))
    def a_purchase_arrives(self, number: int, link: int) -> None:
        self.ask(link, numbered(number))

    @rule(number=NUMBERS, link=st.integers(0, 1))
    def its_repeat_arrives(self, number: int, link: int) -> None:
        self.ask(link, numbered(number, "0101"))

    @rule(number=NUMBERS, link=st.integers(0, 1), mti=st.sampled_from(["0400", "0420", "0421"]))
    def its_reversal_arrives(self, number: int, link: int, mti: str) -> None:
        self.ask(link, reversal(mti, of=numbered(number), stan=f"{900 + number:06d}"))

    @rule(link=st.integers(-2, -1))
    def a_link_falls(self, link: int) -> None:
        self.terminals[link].is_open = False

    @rule()
    def new_links(self) -> None:
        self.plug_in()

    # What the issuer, disk, HSM and lines do.

    @rule(data=st.data(), code=st.sampled_from(["00", "00", "51", "25", "91"]))
    def the_issuer_answers(self, data: st.DataObject, code: str) -> None:
        """Anything it got, once or again, in time or late."""
        sent = self.on_lines()
        if sent:
            _, line, message = data.draw(st.sampled_from(sent))
            if message.mti[1] == "1" and code in ("25", "91"):
                code = "00"
            self.desk.answer(message, code, line=line)

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 7.0]))
    def time_passes(self, seconds: float) -> None:
        self.desk.pass_time(seconds)

    @rule(stalls=st.booleans(), refuses=st.booleans())
    def the_disk_changes(self, stalls: bool, refuses: bool) -> None:
        self.desk.disk.stalls, self.desk.disk.refuses = stalls, refuses
        self.desk.settle()

    @rule(line=st.integers(0, 1), falls=st.booleans())
    def a_line_changes(self, line: int, falls: bool) -> None:
        if falls:
            self.desk.line_falls(line)
        else:
            self.desk.line_returns(line)

    @rule(line=st.integers(0, 1), takes=st.booleans())
    def a_socket_changes(self, line: int, takes: bool) -> None:
        self.desk.wire(line).takes = takes

    @precondition(lambda self: self.desk.disk.records)
    @rule(landed=st.booleans())
    def the_process_is_killed(self, landed: bool) -> None:
        self.sent = self.everything_sent()
        if landed:
            self.desk.disk.land_unheard()
        issuer = bank("atlas", lines=2)
        desk = Desk(issuer, records=self.desk.disk.records, clock=self.clock)
        self.desk = self.watched(desk)
        self.desk.settle()
        self.plug_in()

    # What must hold.

    @invariant()
    def nobody_hears_two_answers(self) -> None:
        for place, terminal in enumerate(self.terminals):
            heard = Counter((m.mti[1], m.text(DE.STAN)) for m in terminal.heard)
            for (kind, stan), count in heard.items():
                assert count <= self.asked[place, kind, stan]

    @invariant()
    def no_request_is_sent_twice_or_late(self) -> None:
        requests = [(at, m) for at, m in self.everything_sent() if m.mti[1] == "1"]
        counts = Counter(message.text(DE.RRN) for _, message in requests)
        assert all(count == 1 for count in counts.values())
        for at, message in requests:
            assert at < self.last_asked[message.text(DE.RRN)] + ISSUER_TIMEOUT_S + 0.001

    def teardown(self) -> None:
        """Everything works again; the issuer takes every reversal."""
        desk = self.desk
        desk.disk.stalls = desk.disk.refuses = False
        for line in range(2):
            desk.wire(line).takes = True
            desk.line_returns(line)
        for _ in range(50):
            desk.pass_time(1.0)
            for at, line, message in self.on_lines():
                if message.mti[1] == "4" and at > self.clock.seconds - ISSUER_TIMEOUT_S:
                    desk.answer(message, "00", line=line)
        assert not desk.issuers[0].entries
        assert not desk.conductor.in_flight
        for number in range(1, 5):
            self.is_answered_or_reversed(rrn_of(number))

    def is_answered_or_reversed(self, rrn: str) -> None:
        sent = [message for _, message in self.everything_sent() if message.text(DE.RRN) == rrn]
        requests = [message for message in sent if message.mti[1] == "1"]
        # By DE 11: all transmissions of one reversal share it. A 0400 that became a 0421, too.
        undone = {
            message.text(DE.STAN)
            for message in sent
            if requests and message.get(DE.ORIGINAL_DATA)[4:10] == requests[0].text(DE.STAN)
        }
        assert len(undone) <= 1
        told = [
            record.code
            for record in self.desk.disk.records
            if isinstance(record, Answered)
            and record.about.mti[1] == "1"
            and record.about.parts.rrn == rrn
        ]
        assert not requests or undone or told[-1] in ("00", "51")
        approved = any(
            message.text(DE.RRN) == rrn and message.text(DE.RESPONSE_CODE) == "00"
            for terminal in self.terminals
            for message in terminal.heard
            if message.mti == "0110"
        )
        if approved and rrn not in self.reversal_asked:
            assert not undone


# Not shrunk: a story here takes minutes to shrink, and the printed one can be replayed as it is.
Switching.TestCase.settings = settings(
    max_examples=400,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestSwitching = Switching.TestCase
