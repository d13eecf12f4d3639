"""The live view's panel of a scenario: the day phase by phase, what is stored, what is compared."""
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from noyau.demo.audit import Verdict
from noyau.demo.panel import ACCENT, BAD, DIM, GOOD, WAIT, titled
from noyau.demo.scenario_play import Phase, ScenarioPlay
from noyau.demo.scenario_report import counts

ROWS = 8  # borders, header, four phases, one line


def scenario_panel(play: ScenarioPlay, sent: int, verdict: Verdict | None) -> Panel:
    """ROWS high."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style=DIM)
    table.add_column("phase", no_wrap=True, ratio=1)
    for title in ("from", "to", "approved", "stood in", "91", "other"):
        table.add_column(title, no_wrap=True, justify="right")
    for phase in play.phases:
        table.add_row(*row(phase, is_now=phase is play.phases[-1]))
    below = Table.grid(expand=True)
    below.add_column()
    below.add_column(justify="right")
    below.add_row(accounted(sent, verdict), stored(play))
    return titled(play.timetable.title, Group(table, below))


def row(phase: Phase, is_now: bool) -> list[Text]:
    approved, stood_in, unavailable, other = counts(phase)
    name = Text(phase.name, style=f"bold {ACCENT}" if is_now else "")
    times = [Text(f"{at_s:.0f} s", style=DIM) for at_s in (phase.began_s, phase.ended_s)]
    return [name, *times, Text(f"{approved:,}", style=GOOD), Text(f"{stood_in:,}", style=GOOD),
            Text(f"{unavailable:,}", style=WAIT), Text(f"{other:,}", style=BAD)]


def stored(play: ScenarioPlay) -> Text:
    """For those that were away."""
    if play.delivered_after_s is not None:
        took = f"{play.delivered_after_s:.1f} s"
        return Text(f"stored {play.stored_on_return:,}: delivered in {took}", style=GOOD)
    of = f" of {play.stored_on_return:,}" if play.stored_on_return else ""
    return Text(f"stored for them: {play.stored:,}{of}", style=WAIT if play.stored else DIM)


def accounted(sent: int, verdict: Verdict | None) -> Text:
    """As the comparison of the acquirer's book with the ledgers has it; the rest is young, or waits
    for its issuer."""
    if verdict is not None and verdict.doubtful:
        return Text(f"NOT accounted for: {verdict.doubtful:,} of {sent:,} sent", style=BAD)
    agreed = verdict.agreed if verdict is not None else 0
    return Text(f"accounted for: {agreed:,} of {sent:,} sent", style=GOOD if agreed else DIM)
