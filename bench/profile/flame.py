"""Samples as a flame graph: SVG whose boxes tell their share when pointed at."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Final

from bench.profile.stages import GARBAGE, KERNEL, LOOP, stage_of

WIDTH: Final = 1000.0
ROW: Final = 17
NARROWEST: Final = 1.2
LETTER: Final = 6.1
COLOURS: Final = {
    "codec": "#93c5fd", "framing": "#a5f3fc", "HSM": "#f9a8d4", "journal": "#86efac",
    "log and metrics": "#fde68a", "lines and matching": "#c4b5fd", "decisions": "#fdba74",
    "chip data": "#fef08a",
    KERNEL: "#cbd5e1", GARBAGE: "#fca5a5", LOOP: "#e2e8f0",
}  # fmt: skip


@dataclass
class Box:
    """A function, how often it was on the stack there, and what it called."""

    name: str
    stage: str
    samples: int = 0
    inside: dict[str, "Box"] = field(default_factory=dict)


def flame(stacks: dict[str, int], cpu_us: float) -> str:
    """Widths are shares of the CPU time, which is so many microseconds for a transaction."""
    root = Box("router", LOOP)
    for stack, samples in stacks.items():
        _add(root, stack.split(";"), samples)
    boxes = list(_laid_out(root, 0.0, WIDTH / max(1, root.samples), 0))
    height = (1 + max(depth for *_, depth in boxes)) * ROW
    drawn = "".join(_drawn(*box, root.samples, cpu_us) for box in boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height}"'
        f' font-family="DejaVu Sans Mono, monospace" font-size="10">{drawn}</svg>'
    )


def _add(root: Box, frames: list[str], samples: int) -> None:
    box = root
    box.samples += samples
    for depth, frame in enumerate(frames, 1):
        stage = stage_of(";".join(frames[:depth]))
        box = box.inside.setdefault(frame, Box(frame, stage))
        box.samples += samples


Laid = tuple[Box, float, float, int]  # x, width, depth


def _laid_out(box: Box, x: float, scale: float, depth: int) -> Iterator[Laid]:
    width = box.samples * scale
    if width < NARROWEST:
        return
    yield box, x, width, depth
    for inner in sorted(box.inside.values(), key=lambda one: -one.samples):
        yield from _laid_out(inner, x, scale, depth + 1)
        x += inner.samples * scale


def _drawn(box: Box, x: float, width: float, depth: int, whole: int, cpu_us: float) -> str:
    share = box.samples / whole
    cost = f", {share * cpu_us:.2f} us" if cpu_us else ""
    letters = int((width - 6) / LETTER)
    text = box.name if len(box.name) <= letters else box.name[: max(0, letters - 1)] + "…"
    label = (
        f'<text x="{x + 3:.1f}" y="{depth * ROW + 12}" fill="#1e293b">{escape(text)}</text>'
        if letters >= 3
        else ""
    )
    return (
        f"<g><title>{escape(box.name)}: {share:.1%}{cost}</title>"
        f'<rect x="{x:.1f}" y="{depth * ROW}" width="{max(0.5, width - 0.6):.1f}"'
        f' height="{ROW - 1}" rx="1.5" fill="{COLOURS[box.stage]}"/>{label}</g>'
    )
