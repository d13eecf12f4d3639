"""`noyau check`: a configuration folder, judged as a whole before anything starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from router.net.settings import Settings


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


def dialect_losses(settings: "Settings") -> Iterator[dict[str, Any]]:
    """For each pair of dialects that a transaction may have to cross."""
    acquirers: dict[str, list[str]] = {}
    issuers: dict[str, list[str]] = {}
    for acquirer in settings.acquirers:
        acquirers.setdefault(acquirer.dialect, []).append(acquirer.name)
    for issuer in settings.issuers:
        issuers.setdefault(issuer.dialect, []).append(issuer.name)
    for here, senders in acquirers.items():
        for there, receivers in issuers.items():
            found = lost_between(here, there)
            if any(found.values()):
                yield {
                    "acquirers": senders,
                    "acquirer_dialect": here,
                    "issuers": receivers,
                    "issuer_dialect": there,
                    **found,
                }


def lost_between(acquirer: str, issuer: str) -> dict[str, list[str]]:
    """Of requests, all that may be in one; of answers, what the router carries back."""
    from dataclasses import replace  # noqa: PLC0415

    from router.switching.told import CARRIED  # noqa: PLC0415
    from specs.dialect import load_dialect  # noqa: PLC0415
    from specs.versions import losses  # noqa: PLC0415

    here, there = load_dialect(acquirer), load_dialect(issuer)
    carried = {n: there.elements[n] for n in CARRIED if n in there.elements}
    answers = replace(there, elements=carried)
    return {"requests": losses(here, there), "answers": losses(answers, here)}


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
            *(f"  request: {loss}" for loss in pair["requests"]),
            *(f"  answer: {loss}" for loss in pair["answers"]),
        ]
    if verdict["warnings"]:
        lines += ["", "Look at these:", *(f"  {warning}" for warning in verdict["warnings"])]
    return "\n".join(lines)
