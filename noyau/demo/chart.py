"""Small charts out of block characters."""
from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
LEFT_EIGHTHS = " ▏▎▍▌▋▊▉█"


def columns(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """Bars side by side, the newest on the right; rows from top to bottom."""
    shown = list(values)[-width:]
    levels = [round(min(value / top, 1.0) * height * 8) if top else 0 for value in shown]
    empty = " " * (width - len(shown))
    return [
        empty + "".join(EIGHTHS[min(max(level - 8 * row, 0), 8)] for level in levels)
        for row in reversed(range(height))
    ]


def bar(share: float, width: int) -> str:
    """One bar from left to right; something is never drawn as nothing."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (LEFT_EIGHTHS[rest] if rest else "")).ljust(width)
