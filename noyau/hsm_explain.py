"""`noyau hsm explain`: a host command or its answer, decoded into named fields."""
import json
import sys
from typing import Annotated, NoReturn

import typer


def command(
    octets: Annotated[str, typer.Argument(
        metavar="HEX", help="The frame in hexadecimal digits; - reads them from standard input.")],
    header: Annotated[int, typer.Option(help="Characters of the header.", min=0, max=255)] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Decode a request or an answer of the host interface; keys, PINs and PANs are masked.

    With or without its two bytes of length. Works without a device.

    Exit code 0: decoded, be it a request that the device refuses. 2: no frame.

    Examples:

      noyau hsm explain 0006303030304E43    (NC)

      tail -1 capture.txt | noyau hsm explain - --json
    """
    from hsm_emulator.device import COMMANDS  # noqa: PLC0415
    from hsm_emulator.explained import NotExplained, explained  # noqa: PLC0415

    text = sys.stdin.read() if octets == "-" else octets
    try:
        frame = bytes.fromhex(text)
    except ValueError:
        _refuse("expected hexadecimal digits, two for each byte")
    try:
        found = explained(frame, COMMANDS, header)
    except NotExplained as error:
        _refuse(str(error))
    if as_json:
        fields = [{"name": name, "value": value} for name, value in found.fields]
        print(json.dumps({"kind": found.kind, "command": found.command, "title": found.title,
                          "header": found.header, "fields": fields}))
        return
    print(f"{found.kind} {found.command}: {found.title}; header {found.header!r}")
    width = max((len(name) for name, _ in found.fields), default=0)
    for name, value in found.fields:
        print(f"  {name:<{width}}  {value}".rstrip())


def _refuse(reason: str) -> NoReturn:
    print(f"noyau hsm explain: {reason}", file=sys.stderr)
    raise typer.Exit(2)
