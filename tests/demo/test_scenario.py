"""A scenario: its file, its phases as they are played, and its part of the closing report."""
import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from noyau.demo.accounts import Account
from noyau.demo.feed import Feed
from noyau.demo.race import first_of
from noyau.demo.scenario import BadScenario, Timetable, laid_over, lasts, scenario
from noyau.demo.scenario_play import ScenarioPlay
from noyau.demo.scenario_report import scenario_figures, scenario_lines
from router.net.configuration import load_settings

CONFIG: Final = Path(__file__).parents[2] / "config"
ISSUERS: Final = {"atlas", "meridian", "sirocco"}


def table(**changed: Any) -> Timetable:
    facts: dict[str, Any] = {"title": "a day", "unreachable": ["atlas", "meridian"],
                             "begins_at_s": 0.0, "ends_at_s": 0.0, "for_s": 1.0}
    return Timetable(**(facts | changed))


class Platform:
    """Issuers, and what the router says is stored for each, look by look; the last word stays."""

    def __init__(self, feed: Feed, *stored: dict[str, tuple[int, int]] | None) -> None:
        self.done: list[str] = []
        self._feed = feed
        self._stored = list(stored)
        self._approvals = 0

    async def take_away(self, names: list[str]) -> None:
        self.done.append(f"without {','.join(names)}")
        self._feed.codes += Counter({"00": 2, "91": 3})
        self._approvals = 2

    async def bring_back(self, names: list[str]) -> None:
        self.done.append(f"with {','.join(names)}")

    async def status(self) -> Any:
        stored = self._stored.pop(0) if len(self._stored) > 1 else self._stored[0]
        if stored is None:
            return None
        return {
            "saf": [{"issuer": name, "open": count, "oldest_s": age}
                    for name, (count, age) in stored.items()],
            "stand_in": [{"approvals": self._approvals}]}


async def played(feed: Feed, platform: Platform) -> ScenarioPlay:
    """Until it says that all was delivered."""
    delivered = asyncio.Event()

    def say(line: str) -> None:
        if line.endswith("again"):
            delivered.set()

    play = ScenarioPlay(table(), platform, feed, say)
    async with asyncio.timeout(10):
        await first_of(play.run(), delivered.wait())
    return play


async def test_phases_follow_one_another() -> None:
    """Who is away, what was heard meanwhile, how much was stored; then everything is delivered."""
    feed = Feed()
    platform = Platform(feed, {"atlas": (7, 3)}, {"atlas": (7, 3)}, {"atlas": (0, 0)})
    play = await played(feed, platform)
    assert platform.done == ["without atlas,meridian", "with atlas,meridian"]
    assert [one.name for one in play.phases] == [
        "as any day", "atlas and meridian out of reach", "they are back, delivery",
        "as any day again"]
    away = play.phases[1]
    assert (away.heard, away.stood_in) == (Counter({"00": 2, "91": 3}), 2)
    assert play.stored_on_return == 7
    assert not play.are_away


async def test_what_is_stored_for_others_is_not_waited_for() -> None:
    """A bank that answers nothing has entries all day long."""
    feed = Feed()
    stored = {"atlas": (4, 9), "sirocco": (80, 70)}
    play = await played(feed, Platform(feed, stored, stored, stored | {"atlas": (0, 0)}))
    assert play.stored_on_return == 4


async def test_what_the_day_itself_stores_is_not_waited_for() -> None:
    """Younger than the return: a customer took something back just now."""
    feed = Feed()
    platform = Platform(feed, {"atlas": (7, 3)}, {"atlas": (7, 3)}, {"atlas": (1, 0)})
    play = await played(feed, platform)
    assert (play.stored_on_return, play.stored) == (7, 1)
    assert play.delivered_after_s is not None
    assert play.delivered_after_s > 1.0  # before, it may be one of the seven


async def test_a_router_that_does_not_say_changes_nothing() -> None:
    feed = Feed()
    platform = Platform(feed, {"atlas": (4, 9)}, {"atlas": (4, 9)}, None, {"atlas": (0, 0)})
    assert (await played(feed, platform)).stored_on_return == 4


async def test_the_report_names_every_phase_and_every_account() -> None:
    feed = Feed()
    platform = Platform(feed, {"atlas": (7, 3)}, {"atlas": (7, 3)}, {"atlas": (0, 0)})
    play = await played(feed, platform)
    told = scenario_figures(play, {Account.APPROVED: 2, Account.NEVER_LEFT: 3})
    assert told["accounts"]["unaccounted"] == 0
    assert sum(told["accounts"].values()) == 5
    lines = list(scenario_lines(told))
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert "out of reach" in text
    assert "7 when they came back, all delivered" in text
    assert "each of the 5 transactions" in text
    assert "0  not accounted for" in text


async def test_the_report_says_what_was_not_delivered() -> None:
    feed = Feed()
    play = ScenarioPlay(table(), Platform(feed, {"atlas": (7, 3)}), feed, print)
    await play.bring_back()
    assert "NOT all delivered" in "\n".join(scenario_lines(scenario_figures(play, {})))


def test_the_shipped_scenario_is_good(tmp_path: Path) -> None:
    """And so is the configuration of that day, stand-in included."""
    shipped = scenario(CONFIG, "outage", ISSUERS)
    assert set(shipped.unreachable) < ISSUERS
    settings = load_settings(laid_over(CONFIG, "outage", tmp_path))
    assert {one.stand_in.issuer for one in settings.stand_in} == {"atlas", "sirocco"}


@pytest.mark.parametrize(("text", "words"), [
    ('title = "x"', "missing required field"),
    ("title =", "scenario.toml"),
    ('title = "x"\nunreachable = ["atlas"]\nbegins_at_s = 9\nends_at_s = 5\nfor_s = 20',
     "must follow one another"),
    ('title = "x"\nunreachable = ["bank"]\nbegins_at_s = 1\nends_at_s = 5\nfor_s = 20',
     "no issuer is named bank"),
])
def test_a_file_with_mistakes_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "scenarios" / "flood" / "scenario.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadScenario, match=words) as caught:
        scenario(tmp_path, "flood", ISSUERS)
    assert str(path) in str(caught.value)


def test_an_unknown_name_hears_which_there_are() -> None:
    with pytest.raises(BadScenario, match="no such scenario; there are: outage"):
        scenario(CONFIG, "flood", ISSUERS)


def test_a_run_that_ends_before_the_return_is_refused() -> None:
    """What is stored could not be delivered, and would look like a broken promise."""
    outage = table(begins_at_s=8.0, ends_at_s=26.0, for_s=45.0)
    assert (lasts(outage, None), lasts(outage, 30.0)) == (45.0, 30.0)
    with pytest.raises(BadScenario, match="before the issuers are back at 26 s"):
        lasts(outage, 26.0)
