"""`noyau demo-cards`: the demo's cards, PINs and acquirer link, for software of your own."""
import json
from pathlib import Path
from typing import Annotated, Any

import typer


def command(
    config: Annotated[Path | None, typer.Option(help="Configuration folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the cards that meet a limit; they are marked."),
    ] = False,
    make_pvvs: Annotated[
        bool, typer.Option("--make-pvvs", help="Write hosts/*-cards.csv anew: PVVs and offsets."),
    ] = False,
) -> None:
    """List the demo's test cards with their PINs, and the link that anyone may connect to.

    Every number and key is public test material. The list is the same whether the demo runs or
    not; `noyau up --no-traffic` runs it without traffic of its own.

    Examples:

      noyau demo-cards

      noyau demo-cards --json | jq '.cards[] | select(.expect == "51")'
    """
    from issuers.settings import BadSettings  # noqa: PLC0415
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from noyau.demo import strangers  # noqa: PLC0415
    from noyau.demo.card_files import write_card_files  # noqa: PLC0415
    from noyau.demo.cards import CardsDisagree  # noqa: PLC0415
    from noyau.demo.settings import BadDemo  # noqa: PLC0415
    from router.net.mistakes import SettingsRejected  # noqa: PLC0415

    try:
        folder = config_folder(config)
        if make_pvvs:
            for path in write_card_files(folder):
                print(f"wrote {path}")
            return
        listing = strangers.listing(folder, everything)
    except (NoConfiguration, BadDemo, CardsDisagree, SettingsRejected, BadSettings) as error:
        typer.echo(f"noyau demo-cards: {error}", err=True)
        raise typer.Exit(2) from None
    print(json.dumps(listing) if as_json else as_text(listing))


def as_text(listing: dict[str, Any]) -> str:
    """The same for eyes."""
    link = listing["link"]
    lines = [
        f"Connect to {link['host']}:{link['port']}: {link['dialect']}, framing {link['framing']}.",
        f"PIN blocks ISO-0 under the test key {link['zpk']} (KCV {link['zpk_kcv']}).",
        "Numbers, PINs and keys are public test material. `expect`: DE 39 of a purchase of 100.00.",
        "",
        f"{'PAN':19}  {'expiry':6}  {'PIN':9}  {'issuer':10}  {'region':8}  {'balance':>14}  "
        "expect",
    ]
    lines.extend(
        f"{card['pan']:19}  {card['expiry']:6}  {card['pin']:9}  {card['issuer']:10}  "
        f"{card['region']:8}  {card['balance_minor'] / 100:>14,.2f}  {card['expect']}"
        + ("  (meets a limit)" if card.get("limited") else "")
        for card in listing["cards"]
    )
    return "\n".join(lines)
