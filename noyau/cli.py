"""The command line: one module per command, listed here in the order a newcomer meets them."""
from importlib.metadata import version
from typing import Annotated

import typer

from noyau import (
    bench,
    check,
    decode,
    demo_cards,
    encode,
    explain,
    hsm,
    issuer,
    keys,
    operate,
    router,
    saf,
    send,
    stand_in,
    up,
)
from noyau.journal import commands as journal_commands

app = typer.Typer(
    name="noyau",
    help="A card payment switch: ISO 8583 between acquirers and issuers, PINs through an HSM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its frames print local variables: card data
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """And nothing else."""
    if wanted:
        print(f"noyau {version('noyau')}")
        raise typer.Exit


@app.callback()
def noyau(
    _: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Say which this is."),
    ] = False,
) -> None:
    """A card payment switch: ISO 8583 between acquirers and issuers, PINs through an HSM."""


app.command("up")(up.command)
app.command("demo-cards")(demo_cards.command)
app.command("router")(router.command)
app.add_typer(hsm.app, name="hsm")
app.add_typer(keys.app, name="keys")
app.command("decode")(decode.command)
app.command("encode")(encode.command)
app.add_typer(issuer.app, name="issuer")
app.command("check")(check.command)
app.command("explain")(explain.command)
app.command("reload")(operate.reload)
app.command("drain")(operate.drain)
app.command("status")(operate.status)
app.add_typer(saf.app, name="saf")
app.add_typer(journal_commands.app, name="journal")
app.add_typer(stand_in.app, name="stand-in")
app.command("send")(send.command)
app.command("bench")(bench.command)


def main() -> None:
    """Run the command line."""
    app()
