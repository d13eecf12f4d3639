"""An issuer host: a durable, idempotent ledger behind several lines; DE 90 names originals."""

from specs.elements import DE
from tests.simulation.plain import APPROVALS, Plain, read
from tests.simulation.world import End, World

DIALECT = "national"


class IssuerHost:
    """Its misbehaviour is the world's; its ledger always balances."""

    def __init__(self, world: World, remembers: bool, echoes_time: bool) -> None:
        self.holds: dict[str, tuple[str, int]] = {}  # name of the message -> purchase, amount
        self.refused_for_ever: set[str] = set()  # purchases whose advices and reversals it refuses
        self.is_up = True
        self.echoes_time = echoes_time
        self._remembers = remembers  # reversals of originals it does not know (yet)
        self._world = world
        self._lines: list[End] = []
        self._answers: dict[str, Plain] = {}
        self._reversed: set[str] = set()
        self._names: set[tuple[str, str]] = set()
        self._requests: dict[str, str] = {}
        self._starts = 0

    def held_for(self, purchase: str) -> int:
        return sum(amount for about, amount in self.holds.values() if about == purchase)

    def accept(self, end: End) -> bool:
        if self.is_up:
            self._lines.append(end)
            end.hear = lambda data: self._received(end, read(data, DIALECT))
            end.fell = lambda: self._lines.remove(end)
        return self.is_up

    def restart(self) -> None:
        self._world.say("issuer", "restarts")
        self.is_up = False
        self._starts += 1
        lines, self._lines = self._lines, []
        for end in lines:
            end.close()
        self._world.later(self._world.random.uniform(0.1, 3.0), self._started)

    def _started(self) -> None:
        self.is_up = True

    def _received(self, end: End, message: Plain) -> None:
        world, faults, start = self._world, self._world.faults, self._starts
        world.say("issuer", f"<- {end.name}  {message}")
        self._check_sent_once(message)
        if world.chance(faults.issuer_silent / 2):
            return
        # Never longer than a full timeout: what is slower is late in its answer, not its ledger.
        slow = world.chance(faults.issuer_late)
        thinks = world.random.uniform(0.1, 3.0) if slow else world.random.uniform(0.005, 0.05)
        world.later(thinks, lambda: self._decide(end, message) if start == self._starts else None)

    def _decide(self, end: End, message: Plain) -> None:
        world, faults = self._world, self._world.faults
        answer = self._answers.get(message.name)
        if answer is None:
            code, amount = self._effect(message)
            answer = message.answered(
                code,
                {
                    DE.AMOUNT: f"{amount:012d}",
                    DE.AUTHORIZATION_CODE: message.purchase[-6:] if code in APPROVALS else None,
                },
            )
            if code in (*APPROVALS, "51", "05"):
                self._answers[message.name] = answer
        if world.chance(faults.issuer_silent):
            return
        if world.chance(faults.issuer_says_nonsense):
            answer = answer.but(answer.mti, {DE.RESPONSE_CODE: "  "})
        if not self.echoes_time:
            answer = answer.but(answer.mti, {DE.TRANSMISSION_TIME: "0101000000"})
        delay = world.random.uniform(2.0, 12.0) if world.chance(faults.issuer_late) else 0.0
        data = answer.data(DIALECT)
        for _ in range(2 if world.chance(faults.issuer_twice) else 1):
            world.later(delay, lambda: self._send(end, data))
            delay += world.random.uniform(0.0, 8.0)

    def _send(self, end: End, data: bytes) -> None:
        end.send(data)

    def _effect(self, message: Plain) -> tuple[str, int]:
        """The one ledger transaction of this message: code and amount."""
        world = self._world
        if message.is_advice and message.purchase in self.refused_for_ever:
            return "12", message.amount
        if message.is_advice and world.chance(world.faults.issuer_busy):
            return "91", message.amount
        if message.is_reversal:
            return self._reverse(message), message.amount
        if message.name in self._reversed:
            return ("00" if message.is_advice else "05"), message.amount
        if message.is_inquiry:
            return "00", message.amount
        drawn = 1.0 if message.is_advice else world.random.random()
        if drawn < 0.1:
            return "51", message.amount
        amount = message.amount // 2 if drawn < 0.15 else message.amount
        self.holds[message.name] = (message.purchase, amount)
        world.say("issuer", f"   holds {amount} ({message.purchase[-6:]})")
        return ("10" if drawn < 0.15 else "00"), amount

    def _reverse(self, message: Plain) -> str:
        world = self._world
        if world.chance(world.faults.issuer_busy):
            return "91"
        original = message.values[DE.ORIGINAL_DATA]
        if original not in self._answers and original not in self.holds:
            if self._remembers:
                self._reversed.add(original)
            world.say("issuer", f"   original not found ({message.purchase[-6:]})")
            return "25"
        if original in self.holds:
            about, held = self.holds[original]
            left = min(held, message.stays)
            self.holds[original] = (about, left)
            world.say("issuer", f"   {held} held becomes {left} ({about[-6:]})")
        return "00"

    def _check_sent_once(self, message: Plain) -> None:
        """Promise 3, seen from where it matters; and no inquiry is ever reversed."""
        if not message.is_repeat:
            if (message.name, message.purchase) in self._names:
                self._world.violated("3, never twice", f"{message} came again, not flagged")
            self._names.add((message.name, message.purchase))
            is_request = not message.is_advice and not message.is_reversal
            if is_request and self._requests.setdefault(message.purchase, message.name) != (
                message.name
            ):
                self._world.violated("3, never twice", f"{message}: the second for one purchase")
        if message.is_reversal and message.is_inquiry:
            self._world.violated("2, no orphan hold", f"{message}: an inquiry is reversed")
