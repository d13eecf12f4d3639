"""The demo acquirer behaves as acquirers do, and notices what a switch must not do."""
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from iso8583.specs import default_ascii

from noyau.demo.acquirer_link import AcquirerLink
from noyau.demo.book import Book, Entry, Undo
from noyau.demo.cards import demo_cards
from noyau.demo.day import Day, Wish
from noyau.demo.feed import Feed
from noyau.demo.messages import Terminals
from noyau.demo.pin_pad import pin_block
from noyau.demo.settings import demo_settings
from tests.demo.fake_switch import Answers, FakeSwitch, approved

CONFIG: Final = Path(__file__).parents[2] / "config"
REGIONS: Final = {"atlas": "domestic", "meridian": "foreign", "sirocco": "domestic"}
KEY: Final = "0123456789ABCDEFFEDCBA9876543210"
PATIENCE_S: Final = 5.0
DEADLINE_S: Final = 5.0


def wish(**changed: Any) -> Wish:
    """A purchase of 100.00 by chip, with the right PIN, that nobody takes back."""
    demo = demo_settings(CONFIG)
    card = demo_cards(CONFIG, REGIONS)[0]
    merchant = demo.merchants[0]
    plain = Wish(after_s=0, card=card, merchant=merchant, terminal=1, link="medina",
                 processing_code="000000", amount_minor=10_000, pin=card.pin, pin_is="right",
                 entry="chip", is_taken_back=False)
    return replace(plain, **changed)


@dataclass
class Scene:
    """A link, what it keeps, and the switch at its other end."""

    link: AcquirerLink
    book: Book
    feed: Feed
    switch: FakeSwitch

    def ask(self, **changed: Any) -> Entry:
        self.link.ask(wish(**changed), asyncio.get_running_loop().time())
        return list(self.book)[-1]

    def later(self, seconds: float) -> None:
        """As if so much time had passed."""
        self.link.tick(asyncio.get_running_loop().time() + seconds)


@contextlib.asynccontextmanager
async def scene(answers: Answers) -> AsyncIterator[Scene]:
    async with FakeSwitch(answers) as switch:
        book, feed = Book("DTEST", entries_max=100), Feed()
        link = AcquirerLink("medina", "127.0.0.1", switch.port, default_ascii,
                            Terminals("504001", KEY, UTC, 1, "="), PATIENCE_S, book, feed)
        connecting = asyncio.create_task(link.keep_connected())
        try:
            await asyncio.wait_for(link.signed_on.wait(), DEADLINE_S)
            yield Scene(link, book, feed, switch)
        finally:
            link.sign_off()
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 - what is looked at is plain data
            await asyncio.sleep(0.005)


def silence(request: dict[str, str]) -> list[dict[str, str]]:
    return [] if request["t"] in {"0100", "0200"} else [approved(request)]


async def test_an_approval_is_entered_in_the_book() -> None:
    async with scene(lambda request: [approved(request)]) as here:
        entry = here.ask()
        await until(lambda: entry.heard == "00")
        assert not entry.is_open
        assert here.feed.codes == {"00": 1}


async def test_terminals_send_what_the_contract_asks_for() -> None:
    """0100 with the PIN as an ISO-0 block, chip data with DE 22 051, the merchant in Morocco."""
    async with scene(lambda request: [approved(request)]) as here:
        await until(lambda: here.ask().heard == "" and len(here.switch.heard) > 1)
        request = here.switch.heard[-1]
        card = wish().card
        assert request["t"] == "0100"
        assert request["52"] == pin_block(card.pin, card.pan, KEY)
        assert (request["2"], request["22"], request["49"]) == (card.pan, "051", "504")
        assert request["43"].endswith("MA")
        assert request["55"].startswith("9F2608")


async def test_a_stripe_is_read_as_track_2() -> None:
    """The PAN stands in DE 35 then, and nowhere else."""
    async with scene(lambda request: [approved(request)]) as here:
        entry = here.ask(entry="stripe")
        await until(lambda: entry.heard == "00")
        request = here.switch.heard[-1]
        assert "2" not in request
        assert request["35"].startswith(f"{wish().card.pan}={wish().card.expiry}")


async def test_online_shops_ask_for_no_pin() -> None:
    async with scene(lambda request: [approved(request)]) as here:
        entry = here.ask(entry="online", pin="", pin_is="")
        await until(lambda: entry.heard == "00")
        request = here.switch.heard[-1]
        assert "52" not in request
        assert (request["22"], request["25"]) == ("012", "59")


async def test_what_was_not_heard_is_reversed_once_patience_ends() -> None:
    async with scene(silence) as here:
        entry = here.ask()
        here.later(PATIENCE_S - 1)
        assert entry.undo is Undo.NONE
        here.later(PATIENCE_S + 0.1)
        await until(lambda: entry.undo is Undo.ACKNOWLEDGED)
        request, reversal = here.switch.heard[-2:]
        assert (request["t"], reversal["t"]) == ("0100", "0420")
        expected = f"0100{request['11']}{request['7']}{'504001'.zfill(11)}{'0' * 11}"
        assert reversal["90"] == expected
        assert (reversal["37"], reversal["4"]) == (request["37"], request["4"])
        assert "52" not in reversal
        assert "55" not in reversal


async def test_a_reversal_is_repeated_as_0421_until_it_is_answered() -> None:
    """Same STAN, same RRN, same DE 90: only its MTI says that it comes again."""
    deaf = True

    def answers(request: dict[str, str]) -> list[dict[str, str]]:
        return [] if deaf else silence(request)

    async with scene(answers) as here:
        entry = here.ask()
        here.later(PATIENCE_S + 0.1)
        here.later(PATIENCE_S + 4)
        await until(lambda: here.switch.heard_mtis()[-2:] == ["0420", "0421"])
        first, second = here.switch.heard[-2:]
        assert first | {"t": ""} == second | {"t": ""}
        assert entry.undo is Undo.SENT
        deaf = False
        here.later(PATIENCE_S + 8)
        await until(lambda: entry.undo is Undo.ACKNOWLEDGED)


async def test_a_purchase_that_is_taken_back_is_reversed_after_its_approval() -> None:
    async with scene(lambda request: [approved(request)]) as here:
        entry = here.ask(is_taken_back=True)
        await until(lambda: entry.undo is Undo.ACKNOWLEDGED)
        assert here.switch.heard_mtis() == ["0800", "0100", "0420"]
        assert here.feed.reversed == 1


async def test_an_answer_delivered_twice_is_noticed() -> None:
    async with scene(lambda request: [approved(request)] * 2) as here:
        entry = here.ask()
        await until(lambda: entry.faults == ["answered twice"])


async def test_an_answer_for_someone_else_is_noticed_and_not_taken() -> None:
    """Its STAN fits, its RRN is another's."""
    async with scene(lambda request: [approved(request) | {"37": "DTEST0000099"}]) as here:
        entry = here.ask()
        await until(lambda: bool(entry.faults))
        assert entry.faults == ["an answer for someone else: element 37 differs"]
        assert not entry.heard


async def test_an_answer_under_another_number_is_noticed_and_not_taken() -> None:
    """Its RRN fits, its STAN is nobody's."""
    async with scene(lambda request: [approved(request) | {"11": "999999"}]) as here:
        entry = here.ask()
        await until(lambda: bool(entry.faults))
        assert entry.faults == ["an answer for it under another number"]
        assert not entry.heard


async def test_an_answer_nobody_asked_for_is_noticed() -> None:
    stray = {"11": "999999", "37": "DOTHER000001"}
    async with scene(lambda request: [approved(request) | stray, approved(request)]) as here:
        entry = here.ask()
        await until(lambda: entry.heard == "00")
        assert here.book.strays == ["medina: an answer that matches no request"]


async def test_an_answer_after_patience_does_not_count() -> None:
    """It was reversed already; the book says that nothing was heard in time."""
    held: list[dict[str, str]] = []

    def answers(request: dict[str, str]) -> list[dict[str, str]]:
        if request["t"] == "0100":
            held.append(approved(request))
            return []
        return [*held, approved(request)]

    async with scene(answers) as here:
        entry = here.ask()
        await until(lambda: bool(held))
        here.later(PATIENCE_S + 0.1)
        await until(lambda: entry.undo is Undo.ACKNOWLEDGED)
        assert (entry.heard, entry.gave_up, entry.faults) == ("", True, [])


async def test_the_same_seed_makes_the_same_day() -> None:
    """Whoever reports something odd can name the seed."""
    demo = demo_settings(CONFIG)
    cards = demo_cards(CONFIG, REGIONS)
    days = [Day(demo, cards, seed, 100).wishes() for seed in (7, 7, 8)]
    first, again, other = ([next(day) for _ in range(500)] for day in days)
    assert first == again
    assert first != other


async def test_a_day_is_believable() -> None:
    """Most is approved, each kind of shop and of trouble occurs, the rate is kept."""
    demo = demo_settings(CONFIG)
    day = Day(demo, demo_cards(CONFIG, REGIONS), 7, 100).wishes()
    wishes = [next(day) for _ in range(10_000)]
    good = [one for one in wishes if one.card.expect == "00" and one.pin_is != "wrong"]
    assert len(good) > 9_000
    assert {one.card.expect for one in wishes} >= {"00", "51", "54", "62", "91", "92"}
    assert {one.entry for one in wishes} == {"chip", "stripe", "online"}
    assert {one.processing_code for one in wishes} == {"000000", "010000", "200000", "310000"}
    assert {one.link for one in wishes} == {"medina", "corniche"}
    assert any(one.is_taken_back for one in wishes)
    assert 90 < len(wishes) / sum(one.after_s for one in wishes) < 110
