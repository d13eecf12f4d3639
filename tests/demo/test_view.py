"""The live view fits its terminal and shows no card number."""
import io
import time
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from noyau.demo import chart
from noyau.demo.audit import Verdict
from noyau.demo.book import Entry, masked
from noyau.demo.cards import demo_cards
from noyau.demo.day import Day
from noyau.demo.feed import Feed
from noyau.demo.scenario import scenario
from noyau.demo.scenario_play import Phase, ScenarioPlay
from noyau.demo.settings import demo_settings
from noyau.demo.view import View
from router.net.configuration import load_settings

CONFIG: Final = Path(__file__).parents[2] / "config"
STATUS: Final = {"lines": [
    {"issuer": "atlas", "state": "signed_on", "waiting": 3},
    {"issuer": "meridian", "state": "down", "waiting": 0},
    {"issuer": "sirocco", "state": "signed_on", "waiting": 7},
]}


class Told:
    """A router's word on its lines."""

    async def status(self) -> Any:
        return STATUS

    async def take_away(self, names: list[str]) -> None: ...

    async def bring_back(self, names: list[str]) -> None: ...


def fed() -> tuple[Feed, list[str]]:
    """A feed with a few hundred transactions, and the card numbers in them."""
    settings = load_settings(CONFIG)
    cards = demo_cards(CONFIG, {one.name: one.region for one in settings.issuers})
    feed, pans = Feed(), []
    day = Day(demo_settings(CONFIG), cards, 7, 100).wishes()
    for wish in (next(day) for _ in range(400)):
        now = time.monotonic()
        feed.asked(now)
        entry = Entry(
            rrn="DTEST0000001", link=wish.link, issuer=wish.card.issuer,
            pan_masked=masked(wish.card.pan), processing_code=wish.processing_code,
            amount_minor=wish.amount_minor, currency="504", pin=wish.pin_is, sent_at=now,
            heard=wish.card.expect, heard_at=now + 0.004)
        feed.answered(entry, wish, "12:34:56")
        pans.append(wish.card.pan)
    return feed, pans


def played(feed: Feed) -> ScenarioPlay:
    """The outage at its end."""
    play = ScenarioPlay(scenario(CONFIG, "outage", {"atlas", "meridian"}), Told(), feed, print)
    names = ("as any day", f"{play.who} out of reach", "they are back, delivery", "again")
    play.phases = [Phase(name, n * 100.0, n * 100.0 + 99.0, feed.codes, stood_in=1)
                   for n, name in enumerate(names)]
    play.stored_on_return, play.delivered_after_s = 12_345, 98.7
    return play


async def drawn(
    width: int, height: int, with_scenario: bool = False
) -> tuple[str, list[str]]:
    feed, pans = fed()
    play = played(feed) if with_scenario else None
    view = View(feed, Told(), load_settings(CONFIG), seed=7, for_s=None, play=play)
    view.verdict = Verdict(agreed=390, doubtful=0)
    await view.look()
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True,
                      color_system=None, legacy_windows=False, _environ={})
    console.print(view.screen(width, height), height=height)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue(), pans


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (160, 50)])
async def test_everything_fits(width: int, height: int) -> None:
    """No line is cut off in the middle of a word that matters."""
    text, _ = await drawn(width, height)
    lines = text.rstrip("\n").split("\n")
    assert len(lines) == height
    assert max(len(line) for line in lines) <= width
    for words in ("per second", "answers (DE 39)", "p99.9", "approved", "signed on", "down",
                  "last transactions", "Ctrl-C ends it"):
        assert words in text
    assert "…" not in text.partition("last transactions")[0]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 35)])
async def test_a_scenario_fits_too(width: int, height: int) -> None:
    """On a small terminal in place of the last transactions."""
    text, _ = await drawn(width, height, with_scenario=True)
    lines = text.rstrip("\n").split("\n")
    assert len(lines) == height
    for words in ("banque indisponible", "as any day", "atlas and meridian out of reach",
                  "they are back, delivery", "again", "accounted for: 390 of 400 sent",
                  "stored 12,345: delivered in 98.7 s", "Ctrl-C ends it"):
        assert words in text
    assert "…" not in text.partition("last transactions")[0]
    assert ("last transactions" in text) == (height > 30)


async def test_no_card_number_is_shown() -> None:
    text, pans = await drawn(160, 50)
    assert not any(pan in text for pan in pans)


def test_columns_grow_from_the_right() -> None:
    assert chart.columns([0, 4, 8], width=4, height=1, top=8) == ["  ▄█"]


def test_columns_may_be_several_rows_high() -> None:
    assert chart.columns([4, 8], width=2, height=2, top=8) == [" █", "██"]


def test_nothing_yet_is_drawn_as_nothing() -> None:
    assert chart.columns([], width=3, height=1, top=0) == ["   "]


def test_a_small_share_is_still_seen() -> None:
    assert chart.bar(0.001, 10) == "▏" + " " * 9
    assert chart.bar(0.5, 4) == "██  "
