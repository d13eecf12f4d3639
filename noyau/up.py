"""`noyau up`: the whole platform on this machine, with demo traffic and a live view."""
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

IN_A_PIPE_S = 20.0


def command(
    config: Annotated[Path | None, typer.Option(help="Configuration folder.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keeps journal and ledgers there; else they are discarded."),
    ] = None,
    for_s: Annotated[
        float | None, typer.Option("--for", help="Seconds of traffic; in a pipe 20, else no end.",
                                   min=0.1),
    ] = None,
    no_traffic: Annotated[
        bool, typer.Option("--no-traffic", help="Everything but the demo acquirer, until stopped."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The closing summary as one JSON object."),
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="Of the traffic; the same seed, the same day."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Transactions a second.", min=0.1, max=2000),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="A day that went wrong: outage."),
    ] = None,
) -> None:
    """Run HSM, issuers, router and an acquirer with a believable day of traffic.

    On a terminal a live view until Ctrl-C; in a pipe 20 seconds and a closing summary. The summary
    compares what the acquirer sent and heard with the issuers' ledgers: exit 1 when a promise was
    broken. Nothing but loopback is opened.

    Examples:

      noyau up

      noyau up --for 60 --json | tail -1 | jq .violations

      noyau up --scenario outage    (issuers out of reach, stand-in, delivery on their return)

      noyau up --no-traffic    (for software of your own: see noyau demo-cards)
    """
    from issuers.settings import BadSettings  # noqa: PLC0415
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from noyau.demo import run as demo_run  # noqa: PLC0415
    from noyau.demo import summary  # noqa: PLC0415
    from noyau.demo.cards import CardsDisagree  # noqa: PLC0415
    from noyau.demo.platform import PortTaken  # noqa: PLC0415
    from noyau.demo.probes import NotInTime  # noqa: PLC0415
    from noyau.demo.programs import ProgramDied  # noqa: PLC0415
    from noyau.demo.scenario import BadScenario, laid_over, lasts  # noqa: PLC0415
    from noyau.demo.scenario import scenario as scenario_of  # noqa: PLC0415
    from noyau.demo.settings import BadDemo, demo_settings  # noqa: PLC0415
    from router.net.configuration import load_settings  # noqa: PLC0415
    from router.net.mistakes import SettingsRejected  # noqa: PLC0415

    def say(line: str) -> None:
        """Plain lines; out of the way of the JSON."""
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)

    can_draw = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    is_live = can_draw and not as_json and not no_traffic
    try:
        folder = config_folder(config)
        if scenario is not None and no_traffic:
            raise BadScenario("--scenario needs traffic; leave out --no-traffic")
        with kept_or_discarded(state) as place:
            settings, demo, timetable = load_settings(folder), demo_settings(folder), None
            if scenario is not None:
                names = {issuer.name for issuer in settings.issuers}
                timetable = scenario_of(folder, scenario, names)
                folder = laid_over(folder, scenario, place)
                settings, for_s = load_settings(folder), lasts(timetable, for_s)
                say(timetable.title)
            wanted = demo_run.Wanted(
                with_traffic=not no_traffic,
                for_s=IN_A_PIPE_S if for_s is None and not is_live and not no_traffic else for_s,
                seed=demo.traffic.seed if seed is None else seed,
                rate=rate or demo.traffic.rate,
                is_live=is_live,
            )
            figures = asyncio.run(demo_run.run(settings, demo, place, wanted, say, timetable))
    except (
        NoConfiguration, BadDemo, BadScenario, CardsDisagree, SettingsRejected, BadSettings,
        PortTaken,
    ) as error:
        typer.echo(f"noyau up: {error}", err=True)
        raise typer.Exit(2) from None
    except (ProgramDied, NotInTime) as error:
        typer.echo(f"noyau up: {error}", err=True)
        raise typer.Exit(1) from None
    if figures is None:
        return
    for line in [summary.as_json(figures)] if as_json else summary.as_lines(figures):
        print(line, flush=True)
    if figures["violations"]:
        raise typer.Exit(1)


@contextlib.contextmanager
def kept_or_discarded(state: Path | None) -> Iterator[Path]:
    """The folder given, else an empty one that is removed afterwards."""
    if state is not None:
        try:
            state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            typer.echo(f"noyau up: --state {state}: {error.strerror}; give a folder", err=True)
            raise typer.Exit(2) from None
        yield state
        return
    with tempfile.TemporaryDirectory(prefix="noyau-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
