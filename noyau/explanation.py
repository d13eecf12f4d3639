"""The explanation of a message on the screen: a table on a terminal, columns of text elsewhere."""
import sys
from collections.abc import Iterable, Iterator

from noyau.explained import Part
from router.wire.codec import Codec

NAME_WIDTH = 40


def print_explanation(codec: Codec, data: bytes, parts: Iterable[Part]) -> None:
    """Parts are printed as they come: what stood before a fault is shown before the fault is."""
    title = f"{codec.dialect.title} ({codec.dialect.name}), {len(data)} bytes"
    if sys.stdout.isatty():
        _print_table(title, parts)
        return
    print(title)
    print(f"{'byte':>5} {'bytes':>7} {'element':<9} {'name':<{NAME_WIDTH}} value")
    for part, depth in _flattened(parts):
        label = "  " * depth + part.label
        name = "  " * depth + part.name
        print(f"{part.offset:>5} {_size(part):>7} {label:<9} {name:<{NAME_WIDTH}} {_value(part)}")


def _flattened(parts: Iterable[Part], depth: int = 0) -> Iterator[tuple[Part, int]]:
    for part in parts:
        yield part, depth
        yield from _flattened(part.tlv, depth + 1)


def _size(part: Part) -> str:
    return f"{part.prefix_bytes}+{part.size}" if part.prefix_bytes else str(part.size)


def _value(part: Part) -> str:
    shown = part.value if part.value.isprintable() else repr(part.value)
    if part.value != part.value.strip(" "):
        shown = f'"{part.value}"' if part.value.isprintable() else shown
    return f"{shown}  ({part.words})" if part.words else shown


def _print_table(title: str, parts: Iterable[Part]) -> None:
    from rich.console import Console  # noqa: PLC0415  only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(title), title_justify="left", header_style="bold")
    table.add_column("byte", justify="right")
    table.add_column("bytes", justify="right")
    table.add_column("element")
    table.add_column("name")
    table.add_column("value", overflow="fold")
    table.add_column("meaning", style="dim")
    try:
        for part, depth in _flattened(parts):
            indent = "  " * depth
            bare = _value(Part(0, 0, 0, "", "", part.value, ""))
            table.add_row(str(part.offset), _size(part), indent + part.label,
                          Text(indent + part.name), Text(bare), Text(part.words),
                          style="dim" if depth else "")
    finally:  # of a malformed message, what stood before the fault
        if table.row_count:
            Console().print(table)
