"""Nothing that is written down holds a key, a PIN, a PIN block or any other part of a request."""
import contextlib
import json
import re
import traceback
from collections.abc import Iterable
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from hsm_emulator import examples
from hsm_emulator.connection import Connection, Limits
from hsm_emulator.console import Authorise, FormKey
from hsm_emulator.custody import public_test_lmks
from hsm_emulator.device import COMMANDS, Device
from hsm_emulator.errors import Refused
from hsm_emulator.examples import Example, example_device, made
from hsm_emulator.explained import explained
from hsm_emulator.key_types import CVK_VERIFY
from hsm_emulator.layout import parsed
from hsm_emulator.lmk import KnownKeys
from hsm_emulator.log import log_to_stderr
from hsm_emulator.manual import alterations
from hsm_emulator.operators import Proof
from hsm_emulator.public_lmks import AES_KEY_BLOCK, TDES_KEY_BLOCK, by_identifier
from hsm_emulator.rules import STRICT
from hsm_emulator.secret_key import SecretKey
from tests.hsm.keys import Z
from tests.hsm.peer import Peer
from tests.hsm.test_console import hsm

PIN = "908172635"
CLEAR = (examples.K, examples.Z, examples.AES_K, TDES_KEY_BLOCK.hex(), AES_KEY_BLOCK.hex())
WINDOW = 10
CHECK_VALUES = ("2686040000000000EMUL-0001", "1651260000000000EMUL-0001",
                "9D04A00000000000EMUL-0001")  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> list[Example]:
    """Every command with one long PIN: its digits stand nowhere by chance."""
    return made(pin=PIN)


def windows(texts: Iterable[str]) -> set[str]:
    """Return every run of ten characters, as they stand and in hexadecimal digits."""
    found = {PIN}
    for text in texts:
        for form in (text, text.lower(), text.encode("latin-1").hex()):
            found.update(form[at : at + WINDOW] for at in range(len(form) - WINDOW + 1))
    return {run for run in found if len(set(run)) > 2}


def canaries(asked: list[Example]) -> set[str]:
    bodies = [octets[2:].decode("latin-1") for one in asked for octets in (one.request, one.answer)]
    return windows([*bodies, *CLEAR]) - windows(CHECK_VALUES)


def check_silent(written: str, secrets: set[str]) -> None:
    runs = {written[at : at + WINDOW] for at in range(len(written) - WINDOW + 1)}
    assert PIN not in written
    assert sorted(runs & secrets) == []


def test_every_command_is_driven_here(asked: list[Example]) -> None:
    """A command added later must be added to the examples."""
    assert {one.command for one in asked} == {code.decode() for code in COMMANDS}


def test_no_secret_is_printed_logged_audited_or_told(asked: list[Example], tmp_path: Path) -> None:
    """Each command right and altered, and a console at work; then everything written is searched.

    A third of the alterations go over the line; all of them are tried below.
    """
    with hsm(tmp_path) as running:
        for activity in ("component", "pin"):
            running.console("authorise", activity, "--by", "amina", "--by", "brahim")
        running.console("form-key", "--key-type", "000", typed=(examples.K, examples.AES_K))
        running.console("clear-pins", "yes", "--by", "amina", "--by", "brahim")
        peer = Peer(running.port)
        codes = set()
        for one in asked:
            codes.add(peer.ask(one.request)[2:4])
            for altered in list(alterations(one.request))[::9]:
                codes.add(peer.ask(altered)[2:4])
        peer.socket.sendall(b"\xff\xff" + asked[-1].request)  # a frame too long is logged
        assert peer.is_closed_by_device()
        peer.close()
        running.console("status", "--json")
        running.console("audit")
    audit = "".join(path.read_text() for path in (tmp_path / "state" / "hsm").glob("*.audit"))
    assert "frame_too_long" in running.said
    assert {"key_formed", "authorised", "commands"} <= {
        json.loads(line)["event"] for line in audit.splitlines()}
    assert b"41" not in codes
    assert {b"00", b"01", b"10", b"15", b"17", b"20"} <= codes
    check_silent(running.said + audit, canaries(asked))


def test_refusals_and_reprs_hold_no_secret(asked: list[Example]) -> None:
    """What a debugger or a traceback would show of a refused request: its code."""
    device, secrets, shown = example_device(), canaries(asked), []
    for one in asked:
        command = COMMANDS[one.request[:2]]
        shown.append(repr(parsed(command, one.request[2:])))
        for altered in list(alterations(one.request))[::7]:
            device.done(altered)
            try:
                parsed(command, altered[2:])
            except Refused:
                shown.append("".join(traceback.format_exc()))
    connection = Connection(device, Limits(), set())
    lmks = public_test_lmks(STRICT)
    form = FormKey(lmk="00", key_type="000", attributes="", components=[examples.K, examples.Z])
    authorise = Authorise(activity="export", minutes=1, by=[Proof("amina", examples.K)])
    shown += [repr(one) for one in (device, connection, lmks, form, authorise)]
    shown += [repr(lmk) for lmk in lmks.by_identifier.values()]
    check_silent("\n".join(shown), secrets)


def test_explanations_hold_no_secret(asked: list[Example]) -> None:
    """`noyau hsm explain` shows formats and lengths; headers of key blocks, KSNs and KCVs too."""
    blocks = {run for one in asked for octets in (one.request, one.answer)
              for block in re.findall(r"S[01]\d{4}[0-9A-Z]{11}", octets.decode("latin-1"))
              for run in windows([block])}  # fmt: skip
    secrets = canaries(asked) - blocks - windows(["P0T2E00E00", "P0A1E00E00"])  # fmt: skip
    told = []
    for one in asked:
        for octets in (one.request, one.answer, *list(alterations(one.request))[::11]):
            with contextlib.suppress(Exception):
                told += [value for _, value in explained(b"0042" + octets, COMMANDS).fields]
    assert len(told) > 1000
    check_silent("\n".join(told), secrets)


def test_defect_in_a_command_tells_its_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception with card data in its words becomes 41 and a line without them."""
    block = examples.pin_block(PIN, Z)

    def broken(*_values: object) -> bytes:
        raise ValueError(f"cannot translate {block} under {examples.K}")

    monkeypatch.setattr(type(COMMANDS[b"CC"]), "run", broken)
    device = Device(by_identifier())
    with capture_logs() as log:
        answer = device.done(f"CC{examples.ZPK}{examples.ZPK_2}12{block}0101{examples.ACCOUNT}"
                             .encode())  # fmt: skip
    assert answer == b"CD41"
    assert [event["event"] for event in log] == ["command_failed"]
    assert log[0]["error"] == "ValueError"
    assert block not in str(log)
    assert examples.K not in str(log)


def test_keys_have_no_printable_form() -> None:
    """Neither repr, str nor a format string shows a key, nor does a table of keys."""
    key = SecretKey(bytes.fromhex(examples.K))
    known = KnownKeys()
    known.remember(CVK_VERIFY, b"U", key)
    shown = f"{key} {key!r} {[key]} {known!r} {vars(known)}"
    assert examples.K not in shown.upper()
    assert "128 bits" in shown


def test_locals_stay_out_of_a_logged_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """structlog prints local variables by default; the daemon's configuration does not."""
    before = structlog.get_config()
    log_to_stderr()
    try:
        secret = examples.K
        try:
            raise KeyError(len(secret))
        except KeyError:
            structlog.get_logger("hsm_emulator").exception("defect")
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().err
    assert "KeyError" in said
    assert examples.K not in said


def test_an_unknown_command_is_not_copied_anywhere(tmp_path: Path) -> None:
    """Its two characters could be anything: the audit log calls it ??."""
    with hsm(tmp_path) as running:
        peer = Peer(running.port)
        assert peer.ask(b"\xff\xfe" + PIN.encode())[2:4] == b"68"
        peer.close()
    audit = next((tmp_path / "state" / "hsm").glob("*.audit")).read_text()
    assert '"command":"??"' in audit
    assert PIN not in audit + running.said


def test_the_search_finds_what_it_looks_for(asked: list[Example]) -> None:
    """A leak of ten characters, in either case or as bytes, would show."""
    secrets = canaries(asked)
    for leak in (examples.K[3:13], examples.K.lower()[:12], PIN, examples.ZPK[5:20],
                 bytes(examples.ACCOUNT, "ascii").hex()):  # fmt: skip
        with pytest.raises(AssertionError):
            check_silent(f"a log line with {leak} in it", secrets)
