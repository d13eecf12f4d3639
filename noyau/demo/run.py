"""One run of the demo: start, trade, settle, compare, end."""
import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noyau.demo.audit import Audit
from noyau.demo.comparison import Outcome
from noyau.demo.ledgers import Ledgers
from noyau.demo.platform import Platform, Say
from noyau.demo.probes import NotInTime
from noyau.demo.race import beside, first_of
from noyau.demo.scenario import Timetable
from noyau.demo.scenario_play import ScenarioPlay
from noyau.demo.scenario_report import scenario_figures
from noyau.demo.settings import DemoSettings
from noyau.demo.summary import summary
from noyau.demo.traffic import Traffic
from noyau.demo.view import View
from router.net.settings import Settings

LINKS_READY_S = 15.0
SETTLE_S = 30.0
SETTLE_INTERRUPTED_S = 3.5  # everything is to be gone within ten seconds
COMPARE_AGAIN_S = 0.4
AUDIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for."""

    with_traffic: bool
    for_s: float | None  # None: until stopped
    seed: int
    rate: float
    is_live: bool  # a person is watching


class Stopped:
    """Ctrl-C or SIGTERM came, or the terminal is gone; a second one hurries."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._came)

    def _came(self) -> None:
        (self.hurried if self.asked.is_set() else self.asked).set()


async def run(settings: Settings, demo: DemoSettings, state: Path, wanted: Wanted,
              say: Say, timetable: Timetable | None = None) -> dict[str, Any] | None:
    """The summary; None where there was no traffic to sum up."""
    stopped = Stopped()
    stopped.listen()
    async with Platform(settings, state, say, not wanted.with_traffic) as platform:
        platform.refuse_taken_ports()
        await first_of(platform.start(), stopped.asked.wait())
        if stopped.asked.is_set():
            return None
        if not wanted.with_traffic:
            say("no traffic of its own: `noyau demo-cards` lists cards and link; Ctrl-C ends it")
            await first_of(platform.any_died(), stopped.asked.wait(), lasting(wanted.for_s))
            return None
        traffic = Traffic(settings, demo, wanted.seed, wanted.rate)
        play = None
        if timetable is not None:
            play = ScenarioPlay(timetable, platform, traffic.feed, say)
        others = [platform.any_died(), traffic.acquirer.keep_links()]
        view = None
        if wanted.is_live:
            view = View(traffic.feed, platform, settings, wanted.seed, wanted.for_s, play)
            others.append(view.draw())
        ledgers = Ledgers(state, traffic.regions, traffic.book.tag)
        audit = Audit(traffic.book, ledgers, traffic.regions)
        return await beside(traded(traffic, audit, wanted, stopped, say, view, play), *others)


async def traded(traffic: Traffic, audit: Audit, wanted: Wanted, stopped: Stopped, say: Say,
                 view: View | None, play: ScenarioPlay | None) -> dict[str, Any]:
    """Trade, settle, compare."""
    try:
        async with asyncio.timeout(LINKS_READY_S):
            await first_of(traffic.acquirer.ready(), stopped.asked.wait())
    except TimeoutError:
        raise NotInTime(
            f"the router took no sign-on of the demo acquirer within {LINKS_READY_S:g} s") from None
    say(f"trading {wanted.rate:g} transactions a second, seed {wanted.seed}"
        + (f", for {wanted.for_s:g} s" if wanted.for_s is not None else ""))
    others = [play.run()] if play is not None else []
    await first_of(traffic.trade(), lasting(wanted.for_s), stopped.asked.wait(),
                   audited(audit, view), *others)
    limit_s = SETTLE_INTERRUPTED_S if stopped.asked.is_set() else SETTLE_S
    if play is not None and play.are_away:
        limit_s = SETTLE_S
        say(f"{play.who} brought back, so that what is stored for them can be delivered")
        await first_of(play.bring_back(), stopped.hurried.wait())
    say(f"traffic has stopped; settling, {limit_s:g} s at most")
    if view is not None:
        view.is_settling = True
    watching = [play.watch(), audited(audit, view)] if play is not None else []
    outcome = await beside(settled(traffic, audit, limit_s, stopped), *watching)
    traffic.acquirer.sign_off()
    figures = summary(outcome, traffic.feed.latency_ms(), traffic.regions)
    return figures if play is None else figures | {
        "scenario": scenario_figures(play, outcome.accounts)}


async def audited(audit: Audit, view: View | None) -> None:
    """Again and again, so that the book stays small and the view can tell."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(AUDIT_S)
        verdict = audit.look(loop.time())
        if view is not None:
            view.verdict = verdict


async def settled(traffic: Traffic, audit: Audit, limit_s: float, stopped: Stopped) -> Outcome:
    """Compared once nothing is open; again while something differs and there is time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    await first_of(traffic.acquirer.settle(deadline), stopped.hurried.wait())
    found = audit.outcome()
    while found.violations and loop.time() < deadline and not stopped.hurried.is_set():
        await asyncio.sleep(COMPARE_AGAIN_S)
        found = audit.outcome()
    return found


async def lasting(seconds: float | None) -> None:
    """So long, or for ever."""
    if seconds is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(seconds)

