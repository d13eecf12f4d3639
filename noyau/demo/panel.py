"""How the live view's panels look, all of them."""
from rich.console import RenderableType
from rich.panel import Panel

ACCENT, GOOD, BAD, WAIT, DIM = "cyan", "green", "red", "yellow", "bright_black"


def titled(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=title, title_align="left", border_style=DIM)


def colour(code: str) -> str:
    """Of an answer."""
    if code == "00":
        return GOOD
    return WAIT if code in {"91", "68"} else BAD


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
