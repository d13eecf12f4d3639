"""One run of the demo: start, trade, settle, compare, end."""
import asyncio
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noyau.demo.audit import Audit
from noyau.demo.comparison import Outcome
from noyau.demo.ledgers import Ledgers
from noyau.demo.platform import Platform, Say
from noyau.demo.probes import NotInTime
from noyau.demo.race import first_of
from noyau.demo.scenario import Play, Timetable
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
        play = Play(timetable, platform, traffic.feed) if timetable is not None else None
        view = None
        if wanted.is_live:
            view = View(traffic.feed, platform, settings, wanted.seed, wanted.for_s, play)
        ledgers = Ledgers(state, traffic.regions, traffic.book.tag)
        audit = Audit(traffic.book, ledgers, traffic.regions)
        work = traded(traffic, audit, wanted, stopped, say, view, play)
        return await beside(work, platform, traffic, view)


async def beside(work: Coroutine[Any, Any, dict[str, Any]], platform: Platform,
                 traffic: Traffic, view: View | None) -> dict[str, Any]:
    """The work while links are kept, the view is drawn and no program dies."""
    result: dict[str, Any] = {}

    async def working() -> None:
        result.update(await work)

    others = [platform.any_died(), traffic.acquirer.keep_links()]
    if view is not None:
        others.append(view.draw())
    await first_of(working(), *others)
    return result


async def traded(traffic: Traffic, audit: Audit, wanted: Wanted, stopped: Stopped, say: Say,
                 view: View | None, play: Play | None) -> dict[str, Any]:
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
    if play is not None:
        await play.end()
    limit_s = SETTLE_INTERRUPTED_S if stopped.asked.is_set() else SETTLE_S
    say(f"traffic has stopped; settling, {limit_s:g} s at most")
    if view is not None:
        view.is_settling = True
    outcome = await settled(traffic, audit, limit_s, stopped)
    traffic.acquirer.sign_off()
    figures = summary(outcome, traffic.feed.latency_ms(), traffic.regions)
    return figures if play is None else figures | {"scenario": play.figures()}


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

