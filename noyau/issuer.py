"""`noyau issuer`: run a bank's host, read its ledger, have it misbehave."""
import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from issuers import state as places
from noyau.config_folder import NoConfiguration, config_folder
from noyau.running_hosts import ManyRun, state_of

app = typer.Typer(
    help="Issuer hosts: a bank behind ISO 8583 lines, with cards, accounts and holds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables: card data
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(help="The issuer, as in config/hosts/NAME.toml.")]
State = Annotated[Path, typer.Option("--state", help="Where ledgers and sockets are kept.")]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration folder.")]

StateOfRunning = Annotated[Path | None, typer.Option(
    "--state", help="Where its ledger is; else that of the running host, else ./state.")]

DEFAULT_STATE = Path("state")


def _folder(given: Path | None) -> Path:
    try:
        return config_folder(given)
    except NoConfiguration as error:
        _refuse(str(error))


def _state(given: Path | None, name: str, config: Path | None) -> Path:
    if given is not None:
        return given
    try:
        return state_of(name, _folder(config)) or DEFAULT_STATE
    except ManyRun as error:
        _refuse(str(error))


@app.command("run")
def run(name: Name, config: Config = None, state: State = DEFAULT_STATE) -> None:
    """Run one issuer host until SIGTERM.

    One line of JSON on standard output says where it listens; logs go to standard error.

    Examples:

      noyau issuer run atlas

      noyau issuer run atlas --config ./config --state ./state
    """
    from issuers import log, program  # noqa: PLC0415
    from issuers.opening import opening  # noqa: PLC0415
    from issuers.settings import BadSettings  # noqa: PLC0415

    try:
        opened = opening(_folder(config), name)
    except BadSettings as error:
        _refuse("\n".join(error.mistakes))
    log.configure(opened.settings.host.log_level, name)
    try:
        program.run(
            opened.settings, opened.framing, opened.codec, opened.cards, state,
            lambda addresses: print(
                json.dumps({"issuer": name, "listening": list(addresses)}), flush=True))
    except places.AlreadyRuns:
        _refuse(f"{name} runs already on {state}; stop it, or give another --state")
    except program.LedgerFailed:
        raise typer.Exit(1) from None
    except program.CannotListen as error:
        _refuse(f"{name}: cannot listen on {error}; see [issuer] listen")
    except OSError as error:
        _refuse(f"{name}: {error.filename}: {error.strerror}; see --state")


@app.command("holds")
def holds(
    name: Name,
    state: StateOfRunning = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything ever held, released and decided.")] = False,
) -> None:
    """What the issuer holds; works while its host runs.

    Examples:

      noyau issuer holds atlas

      noyau issuer holds atlas --json --all
    """
    from issuers import holds as ledger_view  # noqa: PLC0415

    path = places.ledger_path(_state(state, name, config), name)
    try:
        listing = ledger_view.holds(path, everything)
    except ledger_view.NoLedger:
        _refuse(f"no ledger at {path}: does {name} run, or has it run with this --state?")
    if as_json:
        print(json.dumps(listing))
    else:
        _print_listing(listing)


@app.command("misbehave")
def misbehave(
    name: Name,
    rule: Annotated[str, typer.Argument(
        help="deaf, silent, slow, late, wrong_stan, duplicate, garbage, hang_up; or none.")],
    state: StateOfRunning = None,
    config: Config = None,
    amounts_ending: Annotated[list[str] | None, typer.Option(
        help="Only amounts (DE 4) with these last digits.")] = None,
    cards: Annotated[list[str] | None, typer.Option(
        "--card", help="Only cards with these references.")] = None,
    to: Annotated[list[str] | None, typer.Option(
        help="request (default), advice, reversal.")] = None,
    delay_s: Annotated[float | None, typer.Option(help="For slow and late.")] = None,
    probability: Annotated[float, typer.Option(help="How often, 0 to 1.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of the dice.")] = 0,
    count: Annotated[int, typer.Option(help="How many messages at most; 0: all.")] = 0,
) -> None:
    """Have a running host misbehave from now on; `none` ends what was commanded.

    Examples:

      noyau issuer misbehave atlas silent

      noyau issuer misbehave atlas hang_up --count 1

      noyau issuer misbehave atlas none
    """
    import msgspec  # noqa: PLC0415

    from issuers import control  # noqa: PLC0415
    from issuers.settings import MisbehaviourRule  # noqa: PLC0415

    table: dict[str, Any] = {
        "does": rule, "amounts_ending": amounts_ending or [], "cards": cards or [],
        "to": to or ["request"], "delay_s": delay_s, "probability": probability,
        "seed": seed, "count": count,
    }
    try:
        rules = [] if rule == "none" else [msgspec.convert(table, MisbehaviourRule)]
        outcome = control.misbehave(
            places.control_path(_state(state, name, config), name), rules)
    except msgspec.ValidationError as error:
        _refuse(f"{error}; see `noyau issuer misbehave --help`")
    except control.HostAway as error:
        _refuse(f"{name} does not run: nothing listens at {error}")
    if not outcome.done:
        _refuse(outcome.reason)


@app.command("key")
def key(
    name: Name,
    what: Annotated[str, typer.Argument(
        help="deliver: make a key and deliver it (162); ask: ask the switch for one (161).")],
    state: StateOfRunning = None,
    config: Config = None,
) -> None:
    """Exchange a session key with the switch, on a link that is signed on.

    Both need [key_exchange] in the host's file; its log says how it went on.

    Example:

      noyau issuer key atlas deliver
    """
    from issuers import control  # noqa: PLC0415

    if what not in ("deliver", "ask"):
        _refuse(f'"{what}" is neither "deliver" nor "ask"')
    try:
        outcome = control.exchange_key(
            places.control_path(_state(state, name, config), name),
            "deliver" if what == "deliver" else "ask")
    except control.HostAway as error:
        _refuse(f"{name} does not run: nothing listens at {error}")
    if not outcome.done:
        typer.echo(f"noyau issuer: {outcome.reason}", err=True)
        raise typer.Exit(1)


@app.command("pvv")
def pvv(
    name: Name,
    zpk: Annotated[str, typer.Option(help="The clear test key of [pin_key], 32 digits.")],
    config: Config = None,
) -> None:
    """Make PVVs for a card file, through the HSM that the issuer uses.

    Standard input: PAN,PIN or PAN,PIN,PVKI per line. Standard output: PAN,PVKI,PVV per line.
    For test keys and test cards only.

    Example:

      noyau issuer pvv atlas --zpk 13131313131313132525252525252525 < pins.csv
    """
    import asyncio  # noqa: PLC0415

    from issuers import log  # noqa: PLC0415
    from issuers.hsm_client import HsmAway  # noqa: PLC0415
    from issuers.pvv import NoPvv, pvvs  # noqa: PLC0415
    from issuers.settings import BadSettings, load_settings  # noqa: PLC0415

    log.configure("error", name)
    cards = []
    for number, line in enumerate(sys.stdin, start=1):
        pan, _, rest = line.strip().partition(",")
        pin, _, pvki = rest.partition(",")
        if not (pan.isdigit() and pin.isdigit() and 4 <= len(pin) <= 12):
            _refuse(f"standard input, line {number}: expected PAN,PIN or PAN,PIN,PVKI")
        cards.append((pan, pin, pvki or "1"))
    try:
        made = asyncio.run(pvvs(load_settings(_folder(config), name), zpk, cards))
    except BadSettings as error:
        _refuse("\n".join(error.mistakes))
    except (HsmAway, NoPvv) as error:
        _refuse(str(error) or "the HSM does not answer; start it: noyau hsm")
    for (pan, _, pvki), value in zip(cards, made, strict=True):
        print(f"{pan},{pvki},{value}")


def _print_listing(listing: dict[str, Any]) -> None:
    for hold in listing["holds"]:
        amount = f"{hold['amount_minor']:>14} {hold['currency']}"
        print(f"{hold['at']}  {hold['pan_masked']:<19}  {amount}  rrn {hold['rrn']:<12}"
              f"  stan {hold['stan']}  {hold.get('state', '')}".rstrip())
    for currency, total_minor in sorted(listing["total_minor"].items()):
        print(f"held in {currency}: {total_minor}")
    for counter, count in listing.get("counters", {}).items():
        print(f"{counter}: {count}")


def _refuse(reason: str) -> NoReturn:
    typer.echo(f"noyau issuer: {reason}", err=True)
    raise typer.Exit(2)
