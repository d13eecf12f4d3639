"""Plots as SVG text, to stand in a page. What is drawn is chosen by `sections`."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

COLOURS: Final = {
    "noyau": "#1d4ed8", "relay": "#64748b", "afternoon": "#ea580c", "follower": "#0d9488",
}  # fmt: skip
MARKERS: Final = {"noyau": "o", "relay": "s", "afternoon": "^", "follower": "D"}
NAMES: Final = {
    "noyau": "noyau", "relay": "relay (HAProxy)", "afternoon": "plain pyiso8583, uvloop",
    "follower": "journal's follower",
}  # fmt: skip
INK: Final = "#1e293b"
TICKS_MAX: Final = 10
FAINT: Final = "#cbd5e1"
STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10.5, "text.color": INK,
    "axes.edgecolor": FAINT, "axes.labelcolor": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#eef2f7", "axes.axisbelow": True,
    "xtick.color": INK, "ytick.color": INK, "legend.frameon": False, "lines.linewidth": 2.0,
    "lines.markersize": 5.5, "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    through: str
    points: list[tuple[float, float]]
    dashed: bool = False
    name: str = ""


@contextmanager
def drawing(name: str, width: float = 7.2, height: float = 3.9) -> Iterator[tuple[Axes, list[str]]]:
    """Axes to draw on; the SVG is in the list afterwards."""
    drawn: list[str] = []
    style: Any = {**STYLE, "svg.hashsalt": name}
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.subplots(), drawn
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    drawn.append(text[text.index("<svg") :])


def curves(
    name: str, lines: list[Line], x: str, y: str, log_x: bool = True, log_y: bool = False
) -> str:
    """Lines over a common x."""
    with drawing(name) as (axes, drawn):
        for line in lines:
            if line.points:
                _draw(axes, line)
        _scale(axes, log_x, log_y)
        told = sorted({x for line in lines for x, _ in line.points})
        if log_x and len(told) <= TICKS_MAX:
            axes.set_xticks(told)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if len(axes.get_legend_handles_labels()[0]) > 1:
            _explained(axes)
    return drawn[0]


def _explained(axes: Axes) -> None:
    """Above the curves, where it hides none."""
    axes.legend(fontsize=9.5, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)


def _draw(axes: Axes, line: Line) -> None:
    colour = COLOURS.get(line.through, INK)
    axes.plot(
        *zip(*line.points, strict=True), color=colour, marker=MARKERS.get(line.through, "o"),
        linestyle="--" if line.dashed else "-", label=line.name or NAMES.get(line.through, ""),
        markerfacecolor="white" if line.dashed else colour,
    )  # fmt: skip


def _scale(axes: Axes, log_x: bool, log_y: bool) -> None:
    for is_log, axis, scale in (
        (log_x, axes.xaxis, axes.set_xscale), (log_y, axes.yaxis, axes.set_yscale),
    ):  # fmt: skip
        if is_log:
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    if not log_y:
        axes.set_ylim(0, 1.15 * axes.get_ylim()[1])


def bars(name: str, labels: list[str], values: list[float], x: str, colours: list[str]) -> str:
    """Lying bars, each with its figure."""
    with drawing(name, height=0.9 + 0.42 * len(labels)) as (axes, drawn):
        places = range(len(labels))
        drawn_bars: Any = axes.barh(places, values, color=colours, height=0.62)
        axes.bar_label(drawn_bars, [plain(value) for value in values], padding=4, fontsize=9.5)
        axes.set_yticks(places, labels)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(x)
        axes.margins(x=0.12)
    return drawn[0]


def percentiles(name: str, lines: Iterable[Line], top: float) -> str:
    """Latency against how rare it is: each step to the right is ten times rarer."""
    with drawing(name) as (axes, drawn):
        for line in lines:
            axes.plot(
                [1 / (1 - share) for share, _ in line.points], [ms for _, ms in line.points],
                color=COLOURS.get(line.through, INK), label=line.name,
                linestyle="--" if line.dashed else "-",
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        ticks = [1, 2, 10, 100, 1000, 10_000]
        axes.set_xticks(ticks, ["min", "p50", "p90", "p99", "p99.9", "p99.99"])
        axes.set_xlim(1, top)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
        axes.set_xlabel("percentile")
        axes.set_ylabel("latency, ms")
        _explained(axes)
    return drawn[0]


def plain(value: float) -> str:
    """As short as it can be read."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    if value >= 1_000:
        return f"{value / 1_000:,.0f}k" if value % 1_000 == 0 else f"{value:,.0f}"
    return f"{value:.3g}"
