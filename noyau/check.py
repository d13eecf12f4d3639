"""`noyau check`: a configuration folder, judged as a whole before anything starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def command(
    config: Annotated[Path | None, typer.Option(help="Configuration folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line.")] = False,
) -> None:
    """Check a configuration as a whole: every mistake at once, with file, table and key.

    Of a good one: what cannot be carried between the dialects, and warnings.

    Exit code 0: good, warnings or not. 1: it has mistakes. 2: there is no such folder.

    Examples:

      noyau check

      noyau check --config /etc/noyau --json | jq '.mistakes[]'
    """
    import json  # noqa: PLC0415

    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415

    try:
        folder = config_folder(config)
    except NoConfiguration as error:
        typer.echo(f"noyau check: {error}", err=True)
        raise typer.Exit(2) from None
    verdict = judged(folder)
    print(json.dumps(verdict) if as_json else as_text(verdict))
    raise typer.Exit(0 if verdict["good"] else 1)


def judged(folder: Path) -> dict[str, Any]:
    """The verdict in full; losses and warnings only where there are no mistakes."""
    import msgspec  # noqa: PLC0415

    from noyau.concerns import concerns  # noqa: PLC0415
    from router.net.configuration import load_settings  # noqa: PLC0415
    from router.net.mistakes import SettingsRejected  # noqa: PLC0415

    verdict: dict[str, Any] = {"folder": str(folder), "good": False, "mistakes": []}
    try:
        settings = load_settings(folder)
    except SettingsRejected as rejected:
        verdict["mistakes"] = msgspec.to_builtins(rejected.mistakes)
        return verdict
    verdict |= {
        "good": True,
        "acquirers": len(settings.acquirers),
        "issuers": len(settings.issuers),
        "bin_ranges": len(settings.bins),
        "losses": list(dialect_losses(settings)),
        "warnings": concerns(settings),
    }
    return verdict


def dialect_losses(settings: Any) -> Iterator[dict[str, Any]]:
    """For each pair of dialects that a transaction may have to cross."""
    from noyau.losses import losses  # noqa: PLC0415
    from specs.dialect import load_dialect  # noqa: PLC0415

    acquirers: dict[str, list[str]] = {}
    issuers: dict[str, list[str]] = {}
    for side, peers in ((acquirers, settings.acquirers), (issuers, settings.issuers)):
        for peer in peers:
            side.setdefault(peer.dialect, []).append(peer.name)
    for here, senders in acquirers.items():
        for there, receivers in issuers.items():
            found = losses(load_dialect(here), load_dialect(there))
            if found:
                yield {
                    "acquirers": senders,
                    "acquirer_dialect": here,
                    "issuers": receivers,
                    "issuer_dialect": there,
                    "losses": [str(loss) for loss in found],
                }


def as_text(verdict: dict[str, Any]) -> str:
    """The same for eyes."""
    mistakes = verdict["mistakes"]
    if mistakes:
        from router.net.mistakes import Mistake  # noqa: PLC0415

        number = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        return "\n".join([*(str(Mistake(**one)) for one in mistakes), "", f"{number}."])
    lines = [
        f"{verdict['folder']} is good: {verdict['acquirers']} acquirers,"
        f" {verdict['issuers']} issuers, {verdict['bin_ranges']} BIN ranges."
    ]
    for pair in verdict["losses"]:
        lines += [
            "",
            f"Between {pair['acquirer_dialect']} ({', '.join(pair['acquirers'])})"
            f" and {pair['issuer_dialect']} ({', '.join(pair['issuers'])}) not everything passes:",
            *(f"  {loss}" for loss in pair["losses"]),
        ]
    if verdict["warnings"]:
        lines += ["", "Look at these:", *(f"  {warning}" for warning in verdict["warnings"])]
    return "\n".join(lines)
