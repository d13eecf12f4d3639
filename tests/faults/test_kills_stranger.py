"""kill -9 under somebody else's acquirer: blocking sockets, pyiso8583's own specification, and the
habits of several hosts. What it never heard it reverses until somebody says 00; then books compare.
"""
import asyncio
import contextlib
import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from bench.chaos.messages import ACQUIRER_ID, card_numbers
from bench.chaos.run import SETTLE_WITHIN_S, drained
from bench.chaos.stage import ISSUERS, PIN, Stage
from bench.load.purchases import ACQUIRER_ZPK
from issuers.holds import holds
from issuers.state import ledger_path
from tests.end_to_end.stranger import Message, Stranger

KILLS: Final = 4
AT_ONCE: Final = 48
FIRST_AMOUNT: Final = 10_000  # each purchase has its own: no number of ours is needed to find it
PATIENCE_S: Final = 5.0
ROUNDS_MAX: Final = 30


class Host:
    """What it asked, heard, and takes back, by amount."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self.approved: set[int] = set()
        self.unheard: dict[int, Message] = {}
        self._listing = {"link": {"host": "127.0.0.1", "port": port, "zpk": ACQUIRER_ZPK}}
        self._dice = dice
        self._amounts = itertools.count(FIRST_AMOUNT)
        self._undone: dict[int, Message] = {}  # reversals, as they were sent first

    def buy(self, hears_first: int, kill: Callable[[], None]) -> None:
        """Many at once; when so many answers were heard, somebody is killed."""
        with Stranger(self._listing) as link:
            asked = [self._purchase(link, next(self._amounts)) for _ in range(AT_ONCE)]
            self.unheard = {int(one["4"]): one for one in asked}
            waiting = {one["11"]: int(one["4"]) for one in asked}
            link.send(asked)
            self._heard(waiting, answers(link, PATIENCE_S, hears_first))
            kill()
            self._heard(waiting, answers(link, PATIENCE_S, len(self.unheard)))

    def take_back(self) -> None:
        """Each of those it never heard of, again and again."""
        for _ in range(ROUNDS_MAX):
            with contextlib.suppress(OSError), Stranger(self._listing) as link:
                sent = [self._reversal(link, *one) for one in self.unheard.items()]
                waiting = {one["11"]: int(one["4"]) for one in sent}
                link.send(sent)
                for answer in answers(link, PATIENCE_S, len(sent)):
                    if answer["39"] == "00":
                        del self.unheard[waiting[answer["11"]]]
            if not self.unheard:
                return

    def _heard(self, waiting: dict[str, int], heard: Iterable[Message]) -> None:
        for answer in heard:
            amount = waiting[answer["11"]]
            del self.unheard[amount]
            if answer["39"] == "00":
                self.approved.add(amount)

    def _purchase(self, link: Stranger, amount: int) -> Message:
        """Some say who they are, some number their receipts, some have a PIN."""
        card = {"pan": self._dice.choice(card_numbers()), "pin": PIN, "expiry": "3012",
                "currency": "504"}
        optional: dict[str, str | None] = {
            "de32": ACQUIRER_ID if amount % 2 else None,
            "de37": f"RECEIPT{amount:05d}" if amount % 4 else None,
        }
        if amount % 3:
            optional["de52"] = None
        return link.purchase(card, de4=f"{amount:012d}", **optional)

    def _reversal(self, link: Stranger, amount: int, asked: Message) -> Message:
        """0400 or 0420; repeats under the numbers of the first one, or under new ones."""
        undo = link.purchase({"pan": asked["2"], "pin": PIN, "expiry": "", "currency": "504"})
        undo = {name: asked[name] for name in ("2", "3", "4", "32", "37", "41", "49")
                if name in asked} | {"7": undo["7"], "11": undo["11"]}
        sender = asked.get("32", "").zfill(11)
        undo |= {"t": ("0400", "0420")[amount % 5 > 1],
                 "90": f"0100{asked['11']}{asked['7']}{sender}{'0' * 11}"}
        if amount not in self._undone:
            self._undone[amount] = undo
            return undo
        repeated = self._undone[amount] if amount % 7 > 2 else undo
        return repeated | {"t": undo["t"][:3] + "1"}


def answers(link: Stranger, within_s: float, at_most: int) -> Iterable[Message]:
    """What comes in that time, while the link stands."""
    deadline = time.monotonic() + within_s
    with contextlib.suppress(OSError, AssertionError):  # the router is gone
        for _ in range(at_most):
            yield link.receive(deadline - time.monotonic())


def held(stage: Stage) -> dict[int, int]:
    """Amount -> how often it is held."""
    found: dict[int, int] = {}
    for name in ISSUERS:
        for hold in holds(ledger_path(stage.state, name), everything=False)["holds"]:
            found[hold["amount_minor"]] = found.get(hold["amount_minor"], 0) + 1
    return found


async def test_what_a_stranger_never_heard_it_takes_back(tmp_path: Path) -> None:
    """Every hold is an approval that was heard, once; every approval that was heard is held."""
    dice = random.Random(20261129)
    async with Stage(tmp_path) as stage:
        host = Host(stage.ports[0], dice)
        taken_back = 0
        for number in range(KILLS):
            name = ("router", "router", "atlas", "hsm")[number % 4]
            process = stage.programs[name].process
            assert process is not None
            hears_first = number * AT_ONCE // (2 * KILLS)
            kill = partial(os.kill, process.pid, signal.SIGKILL)
            await asyncio.to_thread(host.buy, hears_first, kill)
            await process.wait()
            await stage.start(name)
            taken_back += len(host.unheard)
            await asyncio.to_thread(host.take_back)
            assert not host.unheard
        assert await drained(stage, SETTLE_WITHIN_S) == ""
        assert taken_back > 0
        assert host.approved
        assert held(stage) == dict.fromkeys(host.approved, 1)
