"""Where the commands of `noyau keys` are done: at a running HSM, or here under some LMKs."""
import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from noyau.secret_input import NothingCame, asked

if TYPE_CHECKING:
    from hsm_emulator.custody import Lmks
    from hsm_emulator.rules import Rules

TIMEOUT_S = 10.0

Hsm = Annotated[str, typer.Option(help="HOST:PORT of a running HSM; else it is done here.")]
LmkId = Annotated[str, typer.Option("--lmk", help="LMK identifier, two digits.")]
LmkFolder = Annotated[Path | None, typer.Option(
    help="Own LMKs, made by noyau keys ceremony; else the public test LMKs.")]
PassphraseFile = Annotated[Path | None, typer.Option(
    help="Its first line opens the LMK folder; else it is asked for.")]
Profile = Annotated[Literal["strict", "legacy"], typer.Option(
    help="Rules of what is done here; legacy takes single-length keys and even parity.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

Ask = Callable[[str], str]


@contextmanager
def commander(
    hsm: str, lmk_folder: Path | None, passphrase_file: Path | None, profile: str
) -> Iterator[Ask]:
    """Give the function that does a command and returns what follows the error code 00."""
    if hsm:
        if lmk_folder is not None:
            refuse("--hsm has its own LMKs: give it or --lmk-folder")
        with _connected(hsm) as line:
            yield lambda command: _behind_00(command, _asked_there(line, command))
        return
    from hsm_emulator.device import Device  # noqa: PLC0415

    device = Device(lmks_of(lmk_folder, passphrase_file, rules_of(profile)).by_identifier)
    for activity in ("export", "import", "component", "generate"):
        device.authorisations.authorise(activity, ("who has the LMKs", "does it here"), 3600)
    yield lambda command: _behind_00(command, device.done(command.encode("utf-8")))


def rules_of(profile: str) -> "Rules":
    from hsm_emulator.rules import PROFILES  # noqa: PLC0415

    return PROFILES[profile]


def lmks_of(folder: Path | None, passphrase_file: Path | None, rules: "Rules") -> "Lmks":
    """Open the LMK folder; without one take the test LMKs, and say so."""
    from hsm_emulator import custody, sealed_lmks  # noqa: PLC0415

    if folder is None:
        print("under the public test LMKs, which protect nothing", file=sys.stderr)
        return custody.public_test_lmks(rules)
    try:
        kept = sealed_lmks.unsealed(folder, passphrase_of(folder, passphrase_file))
        return custody.own_lmks(kept, rules)
    except custody.NoLmks as error:
        refuse(str(error))


def passphrase_of(folder: Path, file: Path | None) -> str:
    """Read the passphrase of an LMK folder from its file, or ask."""
    if file is None:
        return secret(f"passphrase of {folder}")
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        refuse(f"{file}: {error.strerror}")


def secret(what: str, confirm: bool = False) -> str:
    """Ask for one secret, or end."""
    try:
        return asked(what, confirm)
    except NothingCame as error:
        refuse(str(error))


def show(found: dict[str, str], as_json: bool) -> None:
    """Print what was made."""
    if as_json:
        print(json.dumps(found))
        return
    width = max(len(name) for name in found)
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<{width}}  {value}")


def refuse(reason: str) -> NoReturn:
    """End with the reason and exit code 2."""
    print(f"noyau keys: {reason}", file=sys.stderr)
    raise typer.Exit(2)


def refuse_code(command: str, code: bytes) -> NoReturn:
    """End with what an error code means."""
    from hsm_emulator.error_meanings import MEANINGS  # noqa: PLC0415

    refuse(f"{command}: error {code.decode('latin-1')}, {MEANINGS.get(code, 'unknown')}")


def _behind_00(command: str, answer: bytes) -> str:
    code = answer[2:4]
    if code == b"01":
        print("the key came with even parity; it was adjusted", file=sys.stderr)
    elif code != b"00":
        refuse_code(command[:2], code)
    return answer[4:].decode("ascii")


@contextmanager
def _connected(address: str) -> Iterator[socket.socket]:
    host, _, port = address.rpartition(":")
    if not (host and port.isascii() and port.isdecimal() and int(port) < 65536):
        refuse(f"--hsm {address}: HOST:PORT")
    try:
        with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as line:
            yield line
    except OSError as error:
        refuse(f"--hsm {address}: {error.strerror or error}")


def _asked_there(line: socket.socket, command: str) -> bytes:
    request = b"0001" + command.encode("utf-8")
    line.sendall(len(request).to_bytes(2) + request)
    with line.makefile("rb") as answers:
        answer = answers.read(int.from_bytes(answers.read(2)))
    if answer[:4] != b"0001":
        raise ConnectionError("the HSM hung up, or sends another header")
    return answer[4:]
