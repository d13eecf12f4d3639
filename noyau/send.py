"""`noyau send`: JSON lines to a peer as ISO 8583, and each answer as a JSON line."""
from typing import Annotated

import typer


def command(
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="The peer to send to.")],
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="JSON lines; - is standard input.")
    ] = "-",
    dialect: Annotated[str, typer.Option(help="How the peer writes ISO 8583.")] = "iso87-ascii",
    framing: Annotated[
        str, typer.Option(help="binary-2, ascii-4, bcd-2 ... (else the dialect's own).")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="Send the whole input so many times.")] = 1,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Messages a second; latency counts from when one was due."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds until an answer is late.")
    ] = 5.0,
    in_flight: Annotated[int, typer.Option(min=1, help="Requests out at once, at most.")] = 64,
    first_stan: Annotated[
        int | None,
        typer.Option(min=1, max=999_999, help="Where STANs that are filled in begin."),
    ] = None,
    zpk: Annotated[
        str, typer.Option(metavar="HEX", help="Clear test key that encrypts PINs given in clear.")
    ] = "",
    reveal: Annotated[bool, typer.Option("--reveal", help="Print card data in clear.")] = False,
) -> None:
    """Send JSON lines as ISO 8583 messages; print a JSON line for each as answers arrive.

    A message is {"t": MTI, "2": ..., "4": ...}: elements by number, binary ones as hexadecimal
    digits, "h" the header where the dialect has one. Elements 7, 11, 12, 13 and 37 may say "auto";
    7 and 11 are filled in when absent, too (time in UTC, STAN counting). With --zpk, a "52" of
    "pin:1234" becomes an ISO-0 PIN block under that key: for published test keys only.

    Each line printed is {"sent": {...}, "received": {...} or null, "latency_ms": 1.2, "outcome":
    "answered"}; or late, an answer after --timeout; or silent, none even after twice that. PANs
    are masked unless --reveal. A summary goes to standard error.

    Exit: 0 all were answered in time, 1 not all, 2 the call or the input is wrong.

    Examples, against the demo (noyau up; noyau demo-cards lists its cards and its key):

      echo '{"t": "0800", "70": "301"}' | noyau send --to 127.0.0.1:8583

      noyau send --to 127.0.0.1:8583 purchases.jsonl --count 100 --rate 50 > answers.jsonl

      noyau send --to 10.1.2.3:9000 --dialect iso87-binary --framing ascii-4 --timeout 2 day.jsonl
    """
    from noyau.send_run import Call, run  # noqa: PLC0415  --help need not load it

    call = Call(to, dialect, framing, count, rate, timeout, in_flight, first_stan, zpk, reveal)
    raise typer.Exit(run(call, file))
