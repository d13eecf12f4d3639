"""The live view: what a stranger sees. Draws the acquirer's feed and the state of the lines.

Everything about transactions is the acquirer's own count; the lines' state is the router's word.
"""
import asyncio
import time
from typing import Any, Protocol

from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from noyau.demo import chart
from noyau.demo.audit import Verdict
from noyau.demo.feed import Feed, Seen
from noyau.demo.issuers_panel import issuers_panel
from noyau.demo.panel import ACCENT, BAD, DIM, GOOD, WAIT, clock, colour, titled
from noyau.demo.scenario_panel import ROWS as SCENARIO_ROWS
from noyau.demo.scenario_panel import scenario_panel
from noyau.demo.scenario_play import ScenarioPlay
from router.net.settings import Settings

DRAW_S = 0.25
STATUS_S = 1.0
TOP_ROWS = 8
LAST_ROWS_MIN = 5
WIDE = 100
MEANINGS = {
    "00": "approved", "05": "do not honour", "14": "no such card", "15": "no such bank",
    "30": "format error", "41": "lost card", "43": "stolen card", "51": "no funds",
    "54": "expired", "55": "wrong PIN", "57": "closed online", "61": "over a limit",
    "62": "blocked card", "75": "PIN tries", "86": "PIN not read", "91": "issuer silent",
    "92": "no route", "96": "malfunction",
}


class Lines(Protocol):
    """Who knows the state of the lines."""

    async def status(self) -> Any: ...


class View:
    """Drawn until cancelled."""

    def __init__(self, feed: Feed, lines: Lines, settings: Settings, seed: int,
                 for_s: float | None, play: ScenarioPlay | None = None) -> None:
        self.is_settling = False
        self.verdict: Verdict | None = None
        self._feed = feed
        self._lines = lines
        self._seed = seed
        self._for_s = for_s
        self._play = play
        self._regions = {issuer.name: issuer.region for issuer in settings.issuers}
        self._http = settings.http.listen
        self._status: Any = None
        self._began = time.monotonic()

    async def draw(self) -> None:
        """On the whole screen; what was there before comes back afterwards."""
        self._began = time.monotonic()
        console = Console()
        with Live(self.screen(*console.size), console=console, screen=True,
                  auto_refresh=False) as live:
            next_status = 0.0
            while True:
                if time.monotonic() >= next_status:
                    await self.look()
                    next_status = time.monotonic() + STATUS_S
                live.update(self.screen(*console.size), refresh=True)
                await asyncio.sleep(DRAW_S)

    async def look(self) -> None:
        """At the lines."""
        self._status = await self._lines.status()

    def screen(self, width: int, height: int) -> RenderableType:
        """All of it, at 80 columns and 24 rows and larger."""
        rows = [
            Layout(self._head(), size=1),
            Layout(name="figures", size=TOP_ROWS),
            Layout(issuers_panel(self._regions, self._feed, self._status, width),
                   size=len(self._regions) + 3),
        ]
        if self._play is not None:
            day = scenario_panel(self._play, self._feed.sent, self.verdict)
            rows.append(Layout(day, minimum_size=SCENARIO_ROWS, ratio=1))
        taken = 2 + TOP_ROWS + len(self._regions) + 3 + (SCENARIO_ROWS if self._play else 0)
        if height - taken >= LAST_ROWS_MIN:
            rows.append(Layout(self._last(width), ratio=2))
        whole = Layout()
        whole.split_column(*rows, Layout(self._foot(width), size=1))
        left = (width - 22) * 3 // 7
        whole["figures"].split_row(
            Layout(self._throughput(left - 4), size=left),
            Layout(self._answers(width - 22 - left - 4)),
            Layout(self._latency(), size=22),
        )
        return whole

    def _head(self) -> RenderableType:
        lasted = int(time.monotonic() - self._began)
        head = Table.grid(expand=True)
        head.add_column()
        head.add_column(justify="right")
        phase = "settling: waiting for the last answers" if self.is_settling else clock(lasted)
        until = f" of {clock(int(self._for_s))}" if self._for_s and not self.is_settling else ""
        head.add_row(
            Text.assemble((" noyau ", f"bold black on {ACCENT}"), "  a card payment switch"),
            Text(f"{phase}{until}  seed {self._seed} ", style=WAIT if self.is_settling else DIM))
        return head

    def _foot(self, width: int) -> RenderableType:
        told = ["Ctrl-C ends it", "noyau demo-cards: connect yourself", f"http://{self._http}/status"]
        return Align.center(Text("   ".join(told if width >= WIDE else told[:2]), style=DIM))

    def _throughput(self, width: int) -> Panel:
        counts = self._feed.per_second(time.monotonic(), width)
        top = max([*counts, 1])
        now = sum(counts[-3:]) / max(len(counts[-3:]), 1)
        figures = Table.grid(expand=True)
        figures.add_column()
        figures.add_column(justify="right")
        figures.add_row(Text.assemble((f"{now:.0f}", f"bold {ACCENT}"), ("/s", DIM)),
                        Text.assemble((f"{self._feed.sent:,}", "bold"), (" sent", DIM)))
        rows = chart.columns(counts, width, TOP_ROWS - 3, top * 1.1)
        return titled("per second",
                      Group(figures, *(Text(row, style=ACCENT) for row in rows)))

    def _answers(self, width: int) -> Panel:
        told = self._feed.codes
        total = sum(told.values()) or 1
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column()
        table.add_column(no_wrap=True, min_width=13)
        for code, count in told.most_common(TOP_ROWS - 2):
            share = count / total
            table.add_row(
                Text(code, style=f"bold {colour(code)}"),
                Text(MEANINGS.get(code, ""), style=DIM),
                Text(chart.bar(share, max(width - 26, 3)), style=colour(code)),
                Text(f"{share:6.1%}"))
        return titled("answers (DE 39)", table)

    def _latency(self) -> Panel:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(style=DIM)
        table.add_column(justify="right")
        for share, value in self._feed.latency_ms().items():
            table.add_row(share, Text(f"{value:.1f}", style=f"bold {ACCENT}"))
        table.add_row("in flight", f"{self._feed.in_flight}")
        table.add_row("reversed", f"{self._feed.reversed}")
        if self.verdict is not None:
            if self.verdict.doubtful:
                table.add_row("DIFFERENT", Text(f"{self.verdict.doubtful:,}", style=BAD))
            else:
                table.add_row("compared", Text(f"{self.verdict.agreed:,}", style=GOOD))
        return titled("latency, ms", table)

    def _last(self, width: int) -> Panel:
        is_wide = width >= WIDE
        table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style=DIM)
        table.add_column("time", no_wrap=True)
        table.add_column("card", no_wrap=True)
        table.add_column("where", no_wrap=True, ratio=1)
        if is_wide:
            table.add_column("how", no_wrap=True)
            table.add_column("issuer", no_wrap=True)
        table.add_column("MAD", justify="right", no_wrap=True)
        table.add_column("answer", no_wrap=True)
        table.add_column("ms", justify="right", no_wrap=True)
        for seen in list(self._feed.last):
            table.add_row(*self._row(seen, is_wide))
        return titled("last transactions", table)

    def _row(self, seen: Seen, is_wide: bool) -> list[RenderableType]:
        meaning = "taken back" if seen.is_taken_back else MEANINGS.get(seen.code, "")
        style = WAIT if seen.is_taken_back else colour(seen.code)
        between: list[RenderableType] = [seen.kind, seen.issuer] if is_wide else []
        return [
            Text(seen.at, style=DIM), seen.pan_masked, seen.merchant, *between,
            f"{seen.amount_minor / 100:,.2f}" if seen.amount_minor else "balance",
            Text(f"{seen.code} {meaning}", style=style),
            f"{seen.latency_ms:.0f}",
        ]

