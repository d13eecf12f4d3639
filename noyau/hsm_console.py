"""`noyau hsm console`: what on a real device needs its console, over a local socket.

Two operators, where two are needed, prove themselves one after the other at this terminal.
"""
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from noyau.secret_input import NothingCame, asked

if TYPE_CHECKING:
    from hsm_emulator.console import Request
    from hsm_emulator.operators import Proof

app = typer.Typer(
    help="The console of a running HSM emulator; it is not reachable from the network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables: components
    rich_markup_mode="rich",
)

State = Annotated[Path, typer.Option("--state", help="State folder of the running device.")]
Port = Annotated[int, typer.Option("--port", help="The device's TCP port: its name there.")]
By = Annotated[list[str] | None, typer.Option("--by", help="An operator's name; give two.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

STATE = Path("state")
PORT = 1500


@app.command("status")
def status(state: State = STATE, port: Port = PORT, as_json: AsJson = False) -> None:
    """Show LMKs with their check values, rules, what is authorised, and counters.

    Example:

      noyau hsm console status --json | jq .lmks
    """
    from hsm_emulator.console import Status  # noqa: PLC0415

    told = _told(state, port, Status())
    if as_json:
        print(json.dumps(told))
        return
    for lmk in told["lmks"]:
        test = "  public test key" if lmk["is_test"] else ""
        print(f"LMK {lmk['id']}  {lmk['kind']:<15}  {lmk['check_value']}{test}")
    print(f"profile {told['profile']}, admits {', '.join(told['admits']) or 'nothing more'}")
    for given in told["authorised"]:
        by = " and ".join(given["by"])
        print(f"authorised: {given['activity']} by {by}, {given['minutes_left']} minutes left")
    print(_failures(told["pin_failures"]))
    print(f"audit log: {told['audit']['lines']} lines, chain {told['audit']['chain']}")


@app.command("authorise")
def authorise(
    activity: Annotated[str, typer.Argument(help="export, import, component, clear_pin ...; "
                                            "export.001 is the part for one key type.")],
    minutes: Annotated[int, typer.Option(help="For how long.")] = 60,
    by: By = None,
    state: State = STATE,
    port: Port = PORT,
) -> None:
    """Authorise an activity for a time; two operators are needed.

    Examples:

      noyau hsm console authorise export --by amina --by brahim

      noyau hsm console authorise export.001 --minutes 10
    """
    from hsm_emulator.console import Authorise  # noqa: PLC0415

    proofs = _proofs(state, port, by)
    told = _told(state, port, Authorise(activity=activity, minutes=minutes, by=proofs))
    print(f"authorised: {told['activity']} for {told['minutes']} minutes")


@app.command("cancel")
def cancel(
    activity: Annotated[str, typer.Argument(help="An authorised activity, or * for all.")] = "*",
    state: State = STATE,
    port: Port = PORT,
) -> None:
    """End authorisations at once.

    Example:

      noyau hsm console cancel
    """
    from hsm_emulator.console import Cancel  # noqa: PLC0415

    print(f"ended: {_told(state, port, Cancel(activity=activity))['ended']}")


@app.command("form-key")
def form_key(
    key_type: Annotated[str, typer.Option(help="As in host commands: 000 ZMK, 001 ZPK ...")] = "",
    attributes: Annotated[str, typer.Option(
        help="For a key block: usage, algorithm, mode, version, exportability: K0TB00N.")] = "",
    lmk: Annotated[str, typer.Option(help="LMK identifier.")] = "00",
    components: Annotated[int, typer.Option(help="How many.", min=2, max=9)] = 2,
    state: State = STATE,
    port: Port = PORT,
) -> None:
    """Form a key from clear components, asked for one after the other without echo.

    The activity `component` must be authorised. The check value of each component is shown when it
    was entered, so that its custodian sees a slip of the hand.

    Examples:

      noyau hsm console form-key --key-type 000 --components 3

      noyau hsm console form-key --lmk 01 --attributes K0TB00N
    """
    from hsm_emulator.console import FormKey  # noqa: PLC0415
    from hsm_emulator.lmk_shares import component_check_value  # noqa: PLC0415

    if bool(key_type) is bool(attributes):
        _refuse("give --key-type for a variant LMK, or --attributes for a key block LMK")
    algorithm = attributes[2:3]
    entered = []
    for number in range(1, components + 1):
        component = _asked(f"component {number} of {components}")
        value = component_check_value(component, algorithm)
        if value is None:
            _refuse(f"component {number}: expected hexadecimal digits of a whole key")
        print(f"component {number}: check value {value}", file=sys.stderr)
        entered.append(component)
    request = FormKey(lmk=lmk, key_type=key_type, attributes=attributes, components=entered)
    told = _told(state, port, request)
    print(f"{told['key']}  check value {told['kcv']}")


@app.command("clear-pins")
def clear_pins(
    enabled: Annotated[bool, typer.Argument(help="yes or no", parser=lambda text: text == "yes")],
    by: By = None,
    state: State = STATE,
    port: Port = PORT,
) -> None:
    """Let BA take clear PINs, or not; until the device stops. Two operators are needed.

    BA asks for the authorised activity `clear_pin` besides.

    Example:

      noyau hsm console clear-pins yes --by amina --by brahim
    """
    from hsm_emulator.console import ClearPins  # noqa: PLC0415

    told = _told(state, port, ClearPins(enabled=enabled, by=_proofs(state, port, by)))
    print("clear PINs are taken" if told["clear_pins"] else "clear PINs are refused")


@app.command("counters")
def counters(
    reset: Annotated[bool, typer.Option("--reset", help="Begin anew; two operators.")] = False,
    by: By = None,
    state: State = STATE,
    port: Port = PORT,
) -> None:
    """Show how many PINs were wrong within minute, hour and day, where they are limited.

    Examples:

      noyau hsm console counters

      noyau hsm console counters --reset --by amina --by brahim
    """
    from hsm_emulator.console import ResetCounters, Status  # noqa: PLC0415

    if reset:
        told = _told(state, port, ResetCounters(by=_proofs(state, port, by)))
    else:
        told = _told(state, port, Status())
    print(_failures(told["pin_failures"]))


@app.command("audit")
def audit(
    state: State = STATE,
    port: Port = PORT,
    expect: Annotated[str, typer.Option(help="NUMBER:CHAIN noted earlier; must be in it.")] = "",
) -> None:
    """Check the audit log, whether the device runs or not.

    Exit code 0: whole. 1: altered, cut, or without the line expected.

    Examples:

      noyau hsm console audit

      noyau hsm console audit --expect 17:4f0c...    (finds a tail that was cut off)
    """
    from hsm_emulator.audit import AuditBroken, checked, older_files  # noqa: PLC0415
    from hsm_emulator.state import audit_path  # noqa: PLC0415

    path = audit_path(state, port)
    if not path.exists() and not older_files(path):
        _refuse(f"no audit log at {path}; see --state and --port")
    number, _, chain = expect.partition(":")
    if expect and not (number.isdecimal() and len(chain) == 64):
        _refuse("--expect: NUMBER:CHAIN, the chain value having 64 digits")
    try:
        head = checked(path, expected=(int(number), chain) if expect else None)
    except AuditBroken as error:
        print(f"broken: {error}")
        raise typer.Exit(1) from None
    print(f"whole: {head.number} lines, chain {head.chain}")


def _failures(told: dict[str, Any]) -> str:
    within = ", ".join(f"{count} in the last {name}" for name, count in told["within"].items())
    stopped = "; over the limit: PINs are answered 39" if told["stopped"] else ""
    return f"wrong PINs: {told['total']} since the start; {within or 'no limits set'}{stopped}"


def _proofs(state: Path, port: int, by: list[str] | None) -> "list[Proof]":
    """Ask for what was not given: two names, and passwords where the device has them."""
    from hsm_emulator.console import Status  # noqa: PLC0415
    from hsm_emulator.operators import Proof  # noqa: PLC0415

    need_passwords = _told(state, port, Status())["operators_have_passwords"]
    names = list(by or ())
    if len(names) > 2:
        _refuse("--by: two operators, not more")
    proofs = []
    for number in (1, 2):
        name = names[number - 1] if len(names) >= number else _asked(f"operator {number}, name")
        password = _asked(f"password of {name}") if need_passwords else ""
        proofs.append(Proof(name, password))
    return proofs


def _asked(what: str) -> str:
    try:
        return asked(what)
    except NothingCame as error:
        _refuse(str(error))


def _told(state: Path, port: int, request: "Request") -> dict[str, Any]:
    from hsm_emulator import control  # noqa: PLC0415
    from hsm_emulator.state import control_path  # noqa: PLC0415

    try:
        outcome = control.ask(control_path(state, port), request)
    except control.DeviceAway as error:
        _refuse(f"no device listens at {error}: does noyau hsm run with this --state and --port?")
    if not outcome.done:
        _refuse(outcome.reason)
    return outcome.told


def _refuse(reason: str) -> NoReturn:
    print(f"noyau hsm console: {reason}", file=sys.stderr)
    raise typer.Exit(2)
