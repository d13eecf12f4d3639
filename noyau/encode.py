"""`noyau encode`: flat JSON objects to messages, in hexadecimal digits or as bytes."""
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from router.wire.codec import Codec


def command(
    message: Annotated[
        str, typer.Argument(metavar="[JSON|FILE|-]", help="The object; - is standard input.")
    ] = "-",
    dialect: Annotated[str, typer.Option(help="How to write ISO 8583.")] = "iso87-ascii",
    raw: Annotated[bool, typer.Option("--raw", help="Write the bytes themselves.")] = False,
) -> None:
    """Write ISO 8583 messages from the flat form that `noyau decode --json` prints.

    An object is {"t": MTI, "2": ..., "4": ...}: elements by number, binary ones as hexadecimal
    digits; "h" the header where the dialect has one (else its default), "1" to send a secondary
    bitmap that no element needs. JSON lines give one line of digits each. Only the layout is
    judged. Values that `noyau decode` masked are refused.

    Exit: 0 encoded; 1 a message cannot be written, with its element; 2 the call is wrong.

    Examples:

      noyau encode '{"t": "0800", "7": "1124004500", "11": "000001", "70": "301"}'

      noyau encode --dialect national --raw purchase.json > purchase.bin
    """
    from router.wire.codec import Codec  # noqa: PLC0415  --help need not load it
    from specs.dialect import DialectError, load_dialect  # noqa: PLC0415

    try:
        codec = Codec(load_dialect(dialect))
        lines = _lines(message)
    except (DialectError, ValueError) as error:
        print(f"noyau encode: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    refused = 0
    for number, line in enumerate(lines, start=1):
        which = f"line {number}: " if len(lines) > 1 else ""
        if not _write(codec, line, raw, which):
            refused += 1
    raise typer.Exit(1 if refused else 0)


def _lines(given: str) -> list[str]:
    """One object, over several lines or not, or one object per line."""
    from pathlib import Path  # noqa: PLC0415

    if given.lstrip().startswith("{"):
        text = given
    elif given == "-":
        text = sys.stdin.buffer.read().decode("utf-8")
    else:
        try:
            text = Path(given).read_text(encoding="utf-8")
        except OSError:
            raise ValueError("expected a JSON object, a file's name, or - for input") from None
    if not text.strip():
        raise ValueError("the input is empty")
    return [text] if _is_json(text) else [line for line in text.splitlines() if line.strip()]


def _is_json(text: str) -> bool:
    import json  # noqa: PLC0415

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _write(codec: "Codec", line: str, raw: bool, which: str) -> bool:
    import json  # noqa: PLC0415

    from noyau.flat_form import NoMessage, message_of  # noqa: PLC0415

    try:
        data = message_of(codec, json.loads(line)).data
    except json.JSONDecodeError as error:
        where = f"{error.msg} at character {error.pos}"
        print(f"noyau encode: {which}no JSON: {where}", file=sys.stderr)
        return False
    except RecursionError:
        print(f"noyau encode: {which}no JSON: nested too deep", file=sys.stderr)
        return False
    except NoMessage as error:
        print(f"noyau encode: {which}{error}", file=sys.stderr)
        return False
    if raw:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        print(data.hex().upper())
    return True
