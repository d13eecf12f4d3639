"""The live view's panel of the issuers: their lines, by the router's word, and their answers."""
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from noyau.demo.feed import Feed
from noyau.demo.panel import BAD, DIM, GOOD, WAIT, titled

SIGNED_ON = "signed_on"
WIDE = 90  # there is room for the region, too


def issuers_panel(regions: Mapping[str, str], feed: Feed, status: Any, width: int) -> Panel:
    """One row each."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style=DIM)
    is_wide = width >= WIDE
    for title in ("issuer", "region") if is_wide else ("issuer",):
        table.add_column(title, no_wrap=True)
    table.add_column("lines", no_wrap=True, ratio=1)
    for title in ("waiting", "stored", "approved", "declined", "silent"):
        table.add_column(title, no_wrap=True, justify="right")
    for name, region in regions.items():
        told = feed.by_issuer.get(name, Counter())
        who = [Text(name, style="bold"), *([Text(region)] if is_wide else [])]
        table.add_row(
            *who, *lines_of(name, status, is_wide),
            Text(f"{told['approved']:,}", style=GOOD),
            Text(f"{told['declined']:,}", style=BAD),
            Text(f"{told['silent']:,}", style=WAIT))
    return titled("issuers and their lines", table)


def lines_of(issuer: str, status: Any, is_wide: bool) -> tuple[Text, Text, Text]:
    """A dot for each line, their states, who answers; what waits on them, and is stored."""
    if not isinstance(status, dict):
        return Text("unknown", style=WAIT), Text(""), Text("")
    lines = [line for line in status.get("lines", []) if line.get("issuer") == issuer]
    text = Text()
    for line in lines:
        text.append("● ", GOOD if line.get("state") == SIGNED_ON else BAD)
    states = sorted({str(line.get("state", "?")).replace("_", " ") for line in lines})
    text.append(", ".join(states))
    if reason := told_of(issuer, status.get("stand_in", ()), "reason"):
        text.append(f", stand-in ({reason})" if is_wide else ", stand-in", WAIT)
    stored = int(told_of(issuer, status.get("saf", ()), "open") or 0)
    waiting = sum(int(line.get("waiting", 0)) for line in lines)
    return text, Text(str(waiting)), Text(str(stored), WAIT if stored else DIM)


def told_of(issuer: str, rows: Any, key: str) -> Any:
    """What the router says of one issuer there; None where it says nothing."""
    for row in rows:
        if row.get("issuer") == issuer:
            return row.get(key)
    return None
