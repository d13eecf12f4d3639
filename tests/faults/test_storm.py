"""Lines that fall, an issuer that forgets to answer, an HSM that comes and goes, reloads, kills.

Whatever happens: who heard 00 has a hold at the issuer, who heard anything else has none, nobody
hears two answers, and nothing is sent to the issuer twice as if it were new.
"""
import asyncio
import random
from collections import Counter
from pathlib import Path

from router.net.waiting import until
from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import PIN_BLOCK, HsmPeer, hsm_peer
from tests.net.issuer_peer import IssuerPeer, issuer_peer

SEED = 20261124


class Ledger:
    """What the acquirer sent and heard, and what the issuer's messages say it must hold."""

    def __init__(self, issuer: IssuerPeer) -> None:
        self._issuer = issuer
        self.sent: dict[str, dict[str, str]] = {}
        self.heard: dict[str, str] = {}
        self.twice: list[str] = []

    def note(self, answer: dict[str, str]) -> None:
        if answer["11"] in self.heard:
            self.twice.append(answer["11"])
        self.heard[answer["11"]] = answer["39"]

    @property
    def held(self) -> set[str]:
        """RRNs (the acquirer's STAN is in them) whose request arrived and was not reversed."""
        reversed_stans = {one["90"][4:10] for one in self._issuer.of("0420", "0421")}
        return {one["37"][6:] for one in self._issuer.of("0100") if one["11"] not in reversed_stans}

    def is_settled(self) -> bool:
        """Holds and approvals are the same, and everybody heard something."""
        approved = {stan for stan, code in self.heard.items() if code == "00"}
        return approved == self.held and self.heard.keys() == self.sent.keys()


def purchases(dice: random.Random, number: int) -> list[dict[str, str]]:
    """Half of them with a PIN."""
    return [purchase(e52=PIN_BLOCK if dice.random() < 0.5 else None) for _ in range(number)]


async def trade(acquirer: AcquirerPeer, ledger: Ledger, requests: list[dict[str, str]]) -> None:
    """Requests without waiting for answers, which are taken as they come."""
    async def listen() -> None:
        try:
            while True:
                ledger.note(await acquirer.hears(60))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    listening = asyncio.create_task(listen())
    for request in requests:
        ledger.sent[request["11"]] = request
        acquirer.send(request)
        await asyncio.sleep(0.005)
    await until(lambda: listening.done() or ledger.sent.keys() == ledger.heard.keys(), 4.0)
    listening.cancel()
    await asyncio.wait((listening,))


async def weather(router: House, issuer: IssuerPeer, hsm: HsmPeer, dice: random.Random) -> None:
    """Something happens every now and then, until cancelled."""
    while True:
        await asyncio.sleep(dice.uniform(0.02, 0.12))
        match dice.randrange(5):
            case 0 if issuer.writers:
                dice.choice(issuer.writers).transport.abort()
            case 1:
                issuer.silent_to ^= {"0100"}
            case 2:
                issuer.silent_to ^= {"0420", "0421"}
            case 3:
                await hsm.stop()
                await hsm.start()
            case _:
                router.configure({"atlas": [issuer.address] * 3}, {"950401": "atlas"},
                                 echo_interval_s=dice.choice((20.0, 30.0)))
                router.reload()


async def test_in_any_weather_who_heard_00_has_a_hold_and_nobody_else_has(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, lines=3) as router:
        ledger = Ledger(issuer)
        storm = asyncio.create_task(weather(router, issuer, hsm, dice))
        async with acquirer_peer(router.acquirer) as acquirer:
            await trade(acquirer, ledger, purchases(dice, 250))
        storm.cancel()
        await asyncio.wait((storm,))
        issuer.silent_to.clear()
        assert await until(ledger.is_settled, 8.0), Counter(ledger.heard.values())
        assert not ledger.twice
        assert len({"00", "91"} & set(ledger.heard.values())) == 2
        assert max(Counter(one["37"] for one in issuer.of("0100")).values()) == 1


async def test_a_router_killed_again_and_again_leaves_no_orphan_hold(tmp_path: Path) -> None:
    """Who heard nothing repeats its request, and hears what became of it: the hold, or none."""
    dice = random.Random(SEED)
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        ledger = Ledger(issuer)
        for _ in range(2):
            async with acquirer_peer(router.acquirer) as acquirer:
                trading = asyncio.create_task(trade(acquirer, ledger, purchases(dice, 200)))
                await asyncio.sleep(dice.uniform(0.2, 0.8))
                issuer.silent_to = {"0100"} if dice.random() < 0.5 else set()
                await asyncio.sleep(dice.uniform(0.0, 0.2))
                await router.kill()
                trading.cancel()
                await asyncio.wait((trading,))
            await router.start()
        issuer.silent_to.clear()
        unheard = [one for stan, one in ledger.sent.items() if stan not in ledger.heard]
        async with acquirer_peer(router.acquirer) as acquirer:
            await trade(acquirer, ledger, [{**one, "t": "0101"} for one in unheard])
        assert await until(ledger.is_settled, 8.0), Counter(ledger.heard.values())
        assert not ledger.twice
        assert max(Counter(one["37"] for one in issuer.of("0100")).values()) == 1
