"""`noyau decode`: a message explained, or as one flat JSON object."""
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from router.wire.codec import Codec


def command(
    message: Annotated[
        str, typer.Argument(metavar="[HEX|FILE|-]", help="The message; - is standard input.")
    ] = "-",
    dialect: Annotated[str, typer.Option(help="How its sender writes ISO 8583.")] = "iso87-ascii",
    as_json: Annotated[bool, typer.Option("--json", help="One flat JSON object per line.")] = False,
    detail: Annotated[
        bool, typer.Option("--detail", help="With --json: offsets, words and TLV, too.")
    ] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print card data in clear.")] = False,
    skip: Annotated[
        int, typer.Option(min=0, help="Bytes before the message, such as a length prefix.")
    ] = 0,
    raw: Annotated[
        bool, typer.Option("--raw", help="The input is the message's bytes, even if they look hex.")
    ] = False,
) -> None:
    """Explain ISO 8583 messages: every element in words, with its byte offset; TLV opened.

    The input is hexadecimal digits (spaces and line breaks do not matter; several messages: one
    per line), or a file's raw bytes. Only the layout is judged, not what the message means. Card
    data is masked unless --reveal is given; `noyau encode` refuses what was masked.

    Exit: 0 decoded; 1 malformed, with the element, the byte and what was expected; 2 the call is
    wrong.

    Examples:

      noyau decode 3032303034303030303030303030303030303030313031323334353637383930

      noyau decode --dialect national --skip 2 captured.bin

      noyau decode --dialect visa-like --json --reveal in.hex | noyau encode --dialect visa-like
    """
    from noyau.message_input import BadInput, given_bytes, messages_in  # noqa: PLC0415  --help
    from router.wire.codec import Codec, MalformedMessage  # noqa: PLC0415
    from specs.dialect import DialectError, load_dialect  # noqa: PLC0415

    try:
        codec = Codec(load_dialect(dialect))
        found = messages_in(given_bytes(message), codec, skip, raw)
    except (DialectError, BadInput) as error:
        print(f"noyau decode: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    malformed = 0
    for number, data in enumerate(found, start=1):
        try:
            _show(codec, data, as_json, detail, reveal)
        except MalformedMessage as fault:
            malformed += 1
            sys.stdout.flush()
            which = f"message {number}: " if len(found) > 1 else ""
            print(f"noyau decode: {which}{fault}", file=sys.stderr)
    raise typer.Exit(1 if malformed else 0)


def _show(codec: "Codec", data: bytes, as_json: bool, detail: bool, reveal: bool) -> None:
    import json  # noqa: PLC0415  --help need not load it

    from noyau.explained import explained, message_in  # noqa: PLC0415
    from noyau.explanation import print_explanation  # noqa: PLC0415
    from noyau.flat_form import flat  # noqa: PLC0415

    if not as_json:
        print_explanation(codec, data, explained(codec, data, reveal))
        return
    said = flat(message_in(codec, data), reveal)
    if detail:
        parts = {part.label: part.plain() for part in explained(codec, data, reveal)}
        print(json.dumps(said | {"detail": parts}))
        return
    print(json.dumps(said))
