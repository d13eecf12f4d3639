"""An issuer host: a durable, idempotent ledger behind several lines; DE 90 names originals."""

from typing import Final

from specs.elements import DE
from tests.simulation.plain import APPROVALS, SIGN_OFF, SIGN_ON, Plain, network, read
from tests.simulation.router_process import TRANSLATED
from tests.simulation.setting import IssuerSetting
from tests.simulation.world import End, World

SLOWEST_S: Final = 1.9  # with the slowest network a message is at the ledger within its timeout


class Ledgers:
    """What all issuers together must not see: one purchase forwarded twice."""

    def __init__(self) -> None:
        self.requests: dict[str, tuple[str, str]] = {}  # purchase -> issuer and name of the request
        self.received = 0  # messages, network management apart
        self.names: set[tuple[str, str, str]] = set()
        self.refused_for_ever: set[str] = set()  # purchases whose advices and reversals are refused


class IssuerHost:
    """Its misbehaviour is the world's; its ledger always balances."""

    def __init__(self, world: World, setting: IssuerSetting, ledgers: Ledgers) -> None:
        self.name = setting.name
        self.holds: dict[str, tuple[str, int]] = {}  # name of the message -> purchase, amount
        self.held_in: dict[str, int] = {}  # purchase -> start of the router that its hold is of
        self.is_up = True
        self._setting = setting
        self._ledgers = ledgers
        self._world = world
        self._lines: list[End] = []
        self._answers: dict[str, Plain] = {}
        self._reversed: set[tuple[str, str]] = set()
        self._starts = 0
        self._silent_until = 0.0
        self._is_mute = False  # while silent: echoes too
        self._stan = 0

    def held_for(self, purchase: str) -> int:
        return sum(amount for about, amount in self.holds.values() if about == purchase)

    def accept(self, end: End) -> bool:
        if self.is_up:
            self._lines.append(end)
            end.hear = lambda data: self._received(end, read(data, self._setting.dialect))
            end.fell = lambda: self._lines.remove(end) if end in self._lines else None
        return self.is_up

    def restart(self) -> None:
        self._world.say(self.name, "restarts")
        self.is_up = False
        self._starts += 1
        lines, self._lines = self._lines, []
        for end in lines:
            end.close()
        self._world.later(self._world.random.uniform(0.1, 3.0), self._started)

    def fall_silent(self) -> None:
        world = self._world
        self._silent_until = world.now + world.random.uniform(2.0, 15.0)
        self._is_mute = world.random.random() < 0.3
        world.say(self.name, "is silent until %.1f", self._silent_until - 1000)

    def sign_off(self) -> None:
        """Maintenance: it says so on every line, and that it is back."""
        self._say_to_all(SIGN_OFF)
        self._world.later(self._world.random.uniform(0.5, 6.0), lambda: self._say_to_all(SIGN_ON))

    def _started(self) -> None:
        self.is_up = True

    def _say_to_all(self, code: str) -> None:
        world = self._world
        for end in self._lines:
            self._stan += 1
            message = network(code, f"{self._stan:06d}", world.transmission_time())
            world.say(self.name, "-> %s  %s", end.name, message)
            end.send(message.data(self._setting.dialect))

    def _received(self, end: End, message: Plain) -> None:
        world, faults, start = self._world, self._world.faults, self._starts
        world.say(self.name, "<- %s  %s", end.name, message)
        is_silent = world.now < self._silent_until
        if message.is_network:
            if message.is_request and not (is_silent and self._is_mute):
                end.send(message.answered("00", {}).data(self._setting.dialect))
            return
        self._ledgers.received += 1
        self._check(message)
        if is_silent or world.chance(faults.issuer_silent / 2):
            return
        slow = world.chance(faults.issuer_late)
        slow = slow or (not message.is_advice and world.chance(faults.issuer_not_yet))
        thinks = world.random.uniform(0.1, SLOWEST_S) if slow else world.random.uniform(0.005, 0.05)
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
            answer = answer.but(answer.mti, {DE.RESPONSE_CODE: None})
        if not self._setting.echoes_time:
            answer = answer.but(answer.mti, {DE.TRANSMISSION_TIME: "0101000000"})
        delay = world.random.uniform(2.0, 12.0) if world.chance(faults.issuer_late) else 0.0
        data = answer.data(self._setting.dialect)
        for _ in range(2 if world.chance(faults.issuer_twice) else 1):
            world.later(delay, lambda: self._send(end, data))
            delay += world.random.uniform(0.0, 8.0)

    def _send(self, end: End, data: bytes) -> None:
        if self._world.now >= self._silent_until:
            end.send(data)

    def _effect(self, message: Plain) -> tuple[str, int]:
        """The one ledger transaction of this message: code and amount."""
        world = self._world
        if message.is_advice and message.purchase in self._ledgers.refused_for_ever:
            return "12", message.amount
        if message.is_advice and world.chance(world.faults.issuer_busy):
            return "91", message.amount
        if message.is_reversal:
            return self._reverse(message), message.amount
        if (message.name, message.purchase) in self._reversed:
            return ("00" if message.is_advice else "05"), message.amount
        if message.is_inquiry or message.code not in ("", *APPROVALS):
            return "00", message.amount  # the second: an advice of a decline
        drawn = 1.0 if message.is_advice else world.random.random()
        if drawn < 0.1:
            return "51", message.amount
        amount = message.amount // 2 if drawn < 0.15 else message.amount
        self.holds[message.name] = (message.purchase, amount)
        self.held_in[message.purchase] = world.starts
        world.say(self.name, "   holds %s (%s)", amount, message.purchase[-6:])
        return ("10" if drawn < 0.15 else "00"), amount

    def _reverse(self, message: Plain) -> str:
        world = self._world
        if world.chance(world.faults.issuer_busy):
            return "91"
        original = message.original
        known = self._answers.get(original)
        if known is None or known.purchase != message.purchase:
            # An acquirer's own name of what the router never knew may be another's name here.
            if self._setting.remembers:
                self._reversed.add((original, message.purchase))
            world.say(self.name, "   original not found (%s)", message.purchase[-6:])
            return "25"
        if original in self.holds:
            about, held = self.holds[original]
            left = min(held, message.stays)
            self.holds[original] = (about, left)
            world.say(self.name, "   %s held becomes %s (%s)", held, left, about[-6:])
        return "00"

    def _check(self, message: Plain) -> None:
        """Promises 3 and 5 seen from where they matter; and no inquiry is ever reversed."""
        seen, violated = self._ledgers, self._world.violated
        if not message.is_repeat:
            name = (self.name, message.name, message.purchase)
            if name in seen.names:
                violated("3, never twice", f"{message} came again, not flagged")
            seen.names.add(name)
            is_request = not message.is_advice and not message.is_reversal
            first = (self.name, message.name)
            if is_request and seen.requests.setdefault(message.purchase, first) != first:
                violated("3, never twice", f"{message}: the second for one purchase")
        if message.mti == "0120":
            _, request = seen.requests.get(message.purchase, ("", ""))
            if self.holds.get(request, ("", 0))[1]:
                violated("2, no orphan hold", f"{message} came before the 0420 of its request")
        if message.is_reversal and message.is_inquiry:
            violated("2, no orphan hold", f"{message}: an inquiry is reversed")
        if message.values.get(DE.PIN_BLOCK, TRANSLATED) != TRANSLATED:
            violated("5, no secrets", f"{message} has the acquirer's PIN block")
        if DE.TRACK_2 in message.values and (message.is_reversal or message.is_advice):
            violated("5, no secrets", f"{message} has a track")
