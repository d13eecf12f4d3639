"""The console: one running device with a state folder, asked through the command line."""
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hsm_emulator.audit import checked
from hsm_emulator.cryptograms import kcv
from hsm_emulator.operators import password_hash
from hsm_emulator.state import (
    AlreadyRuns,
    audit_path,
    can_keep,
    control_path,
    locked,
    reachable,
)
from tests.hsm import keys
from tests.hsm.keys import PVK, ZMK, ZPK, Z
from tests.hsm.peer import Peer

NOYAU = str(Path(sys.executable).parent / "noyau")
HALF = "1032547698BADCFE0123456789ABCDEF"
SECRETS = ("amina-secret", "brahim-secret", HALF, "wrong-secret")


class Running:
    """A device and its console, each command a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.said = ""

    def console(self, *arguments: str, typed: Sequence[str] = ()) -> tuple[int, str]:
        """Return exit code and everything said."""
        done = subprocess.run(  # noqa: S603  (our own command)
            [NOYAU, "hsm", "console", *arguments, "--state", str(self.folder / "state"),
             "--port", str(self.port)],
            input="".join(f"{line}\n" for line in typed), capture_output=True, text=True,
            timeout=30, check=False)
        self.said += done.stdout + done.stderr
        return done.returncode, (done.stdout or done.stderr).strip()

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.console("status", "--json")[1])
        return told


@contextmanager
def hsm(folder: Path, *options: str) -> Iterator[Running]:
    (folder / "config").mkdir(exist_ok=True)
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [NOYAU, "hsm", "--port", "0", "--config", str(folder / "config"), "--state",
         str(folder / "state"), *options],
        stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines = ""
    while '"hsm_listening"' not in lines:
        line = process.stderr.readline()
        assert line, f"it ended: {lines}"
        lines += line
    running = Running(folder, json.loads(lines.splitlines()[-1])["port"])
    try:
        yield running
    finally:
        process.terminate()
        running.said += lines + process.communicate(timeout=10)[1]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two operators with passwords, and limits of wrong PINs."""
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "config").mkdir()
    (folder / "config" / "hsm.toml").write_text("[pin_failures]\nper_minute = 1\n" + "".join(
        f'[[operator]]\nname = "{name}"\npassword_hash = "{password_hash(f"{name}-secret")}"\n'
        for name in ("amina", "brahim")))
    with hsm(folder) as running:
        yield running
    written = "".join(
        path.read_text() for path in (folder / "state" / "hsm").iterdir() if path.is_file())
    assert "authorised" in written
    for secret in SECRETS:
        assert secret not in written + running.said
    assert not control_path(folder / "state", running.port).exists()
    assert checked(audit_path(folder / "state", running.port)).number > 5


def test_status_says_which_keys_and_rules(guarded: Running) -> None:
    """Check values as NC gives them, and that everyone has these keys."""
    told = guarded.status()
    assert [(lmk["id"], lmk["kind"], lmk["check_value"][:6], lmk["is_test"])
            for lmk in told["lmks"]] == [
        ("00", "variant", "268604", True), ("01", "TDES key block", "165126", True),
        ("02", "AES key block", "9D04A0", True),
    ]
    assert told["profile"] == "strict"
    assert "public test key" in guarded.console("status")[1]


def test_two_operators_authorise_an_export(guarded: Running) -> None:
    """17 before, done while it lasts, 17 after the cancellation."""
    peer = Peer(guarded.port)
    export = f"A8001{ZMK}{ZPK}U"
    assert peer.ask(export) == b"A917"
    by = ("--by", "amina", "--by", "brahim")
    wrong = guarded.console("authorise", "export", *by, typed=("amina-secret", "wrong-secret"))
    assert wrong == (2, "noyau hsm console: name or password of an operator is wrong")
    assert peer.ask(export) == b"A917"
    done = guarded.console(
        "authorise", "export.001", "--minutes", "5",
        typed=("amina", "amina-secret", "brahim", "brahim-secret"))
    assert done == (0, "authorised: export.001 for 5 minutes")
    assert peer.ask(export)[:4] == b"A900"
    assert "export.001 by amina and brahim" in guarded.console("status")[1]
    assert guarded.console("cancel") == (0, "ended: 1")
    assert peer.ask(export) == b"A917"
    peer.close()


def test_time_over_the_limit_is_refused(guarded: Running) -> None:
    """[authorisation] minutes_max, 720 by default."""
    code, said = guarded.console(
        "authorise", "export", "--minutes", "721", "--by", "amina", "--by", "brahim",
        typed=("amina-secret", "brahim-secret"))
    assert (code, "1 to 720" in said) == (2, True)


def test_key_is_formed_of_components(guarded: Running) -> None:
    """Authorised only; check values on the way, the key as a cryptogram."""
    form = ("form-key", "--key-type", "000")
    code, said = guarded.console(*form, typed=(HALF, Z))
    assert (code, "not authorised" in said) == (2, True)
    guarded.console("authorise", "component", "--by", "amina", "--by", "brahim",
                    typed=("amina-secret", "brahim-secret"))
    code, said = guarded.console(*form, typed=(HALF, Z))
    key = keys.odd(f"{int(HALF, 16) ^ int(Z, 16):032X}")
    assert (code, said.split()[-1]) == (0, kcv(key))
    peer = Peer(guarded.port)
    assert peer.ask(f"BUFF1{said.split()[0]};000;001") == f"BV00{kcv(key)}".encode()
    code, block = guarded.console(
        "form-key", "--lmk", "01", "--attributes", "K0TB00N", typed=(HALF, Z))
    assert peer.ask(f"BUFFF{block.split()[0]};FFF;001") == f"BV00{kcv(key)}".encode()
    assert guarded.console(*form, typed=(HALF, HALF))[0] == 2
    assert guarded.console(*form, typed=(HALF, "12"))[0] == 2
    guarded.console("cancel")
    peer.close()


def test_counters_stop_and_begin_anew(guarded: Running) -> None:
    """The limit is used up by one wrong PIN; two operators look at it and go on."""
    peer = Peer(guarded.port)
    block = keys.block("1234", Z)
    answers = [peer.ask(f"EC{ZPK}{PVK}{block}01{keys.ACCOUNT}1{pvv:04d}") for pvv in (1, 2)]
    assert answers == [b"ED01", b"ED39"]
    assert "answered 39" in guarded.console("counters")[1]
    guarded.console("counters", "--reset", "--by", "amina", "--by", "brahim",
                    typed=("amina-secret", "brahim-secret"))
    assert peer.ask(f"EC{ZPK}{PVK}{block}01{keys.ACCOUNT}10003") == b"ED01"
    peer.close()


def test_clear_pins_are_enabled_by_two(guarded: Running) -> None:
    """The rule shows in the status, until it is taken back."""
    passwords = ("amina-secret", "brahim-secret")
    by = ("--by", "amina", "--by", "brahim")
    assert guarded.console("clear-pins", "yes", *by, typed=passwords)[1] == "clear PINs are taken"
    assert "clear_pins" in guarded.status()["admits"]
    assert guarded.console("clear-pins", "no", *by, typed=passwords)[0] == 0
    assert guarded.status()["admits"] == []


def test_audit_log_is_checked_while_it_grows(guarded: Running) -> None:
    """The command finds it whole, and the line noted before in it."""
    code, said = guarded.console("audit")
    assert (code, said.split(":")[0]) == (0, "whole")
    number, chain = said.split()[1], said.split()[-1]
    assert guarded.console("audit", "--expect", f"{number}:{chain}")[0] == 0
    assert guarded.console("audit", "--expect", f"{number}:{'0' * 64}")[0] == 1


def test_socket_is_for_its_user_only(guarded: Running) -> None:
    """And nothing of it is on the network."""
    assert control_path(guarded.folder / "state", guarded.port).stat().st_mode & 0o777 == 0o600


def test_nonsense_on_the_socket_is_refused(guarded: Running) -> None:
    """Garbage, unknown requests, a line that never ends: the device goes on."""
    path = control_path(guarded.folder / "state", guarded.port)
    for line in (b"\n", b"{}\n", b'{"type":"status","x":1}\n', b"\xff\xfe\n", b"[" * 70_000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            one.settimeout(10)
            with reachable(path) as name:
                one.connect(name)
            try:
                one.sendall(line)
                one.shutdown(socket.SHUT_WR)
                assert b'"done":true' not in one.recv(65536)
            except ConnectionError:
                pass
    assert guarded.console("status")[0] == 0


def test_console_without_a_device(tmp_path: Path) -> None:
    """Exit code 2 and what to look at."""
    code, said = Running(tmp_path, 1).console("status")
    assert (code, "does noyau hsm run" in said) == (2, True)


def test_two_devices_do_not_share_an_audit_log(tmp_path: Path) -> None:
    """The place of a port has a lock, which dies with its process."""
    assert can_keep(tmp_path)
    with locked(tmp_path, 1500):
        with pytest.raises(AlreadyRuns), locked(tmp_path, 1500):
            pass
        with locked(tmp_path, 1501):
            pass
    with locked(tmp_path, 1500):
        pass


def test_device_does_not_go_on_over_an_altered_log(tmp_path: Path) -> None:
    """The next start refuses: somebody must look."""
    with hsm(tmp_path) as running:
        path = audit_path(tmp_path / "state", running.port)
    path.write_text(path.read_text().replace("strict", "legacy"))
    told = subprocess.run(  # noqa: S603  (our own command)
        [NOYAU, "hsm", "--port", str(running.port), "--state", str(tmp_path / "state")],
        check=False, capture_output=True, text=True, timeout=30)
    assert told.returncode == 2
    assert "line 1" in told.stderr
    assert "Traceback" not in told.stderr


def test_unwritable_place_is_said_plainly(tmp_path: Path) -> None:
    """Not mistaken for a port in use."""
    (tmp_path / "state").write_text("a file")
    told = subprocess.run(  # noqa: S603  (our own command)
        [NOYAU, "hsm", "--port", "0", "--state", str(tmp_path / "state")],
        check=False, capture_output=True, text=True, timeout=30)
    assert told.returncode == 2
    assert "give another --state" in told.stderr


def test_header_is_as_long_as_the_configuration_says(tmp_path: Path) -> None:
    """Six characters here; they come back before the answer."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "hsm.toml").write_text("[hsm]\nheader_characters = 6\n")
    with hsm(tmp_path) as running:
        peer = Peer(running.port)
        peer.send(b"B20002OK", header=b"000042")
        assert peer.receive() == b"000042B300OK"
        peer.send(b"B", header=b"000042")
        assert peer.receive() == b"000042ZZ51"
        peer.close()
