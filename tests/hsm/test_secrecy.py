"""Nothing that is written down holds a key, a PIN or a PIN block."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS, Device
from hsm_emulator.key_types import CVK_VERIFY
from hsm_emulator.lmk import KnownKeys
from hsm_emulator.log import log_to_stderr
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.secret_key import SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, CVK, DEK, PVK, TAK, TPK, ZMK, ZPK, K, Z
from tests.hsm.peer import Peer

PIN = "908172635"
BLOCK_K, BLOCK_Z = keys.block(PIN, K), keys.block(PIN, Z)
MESSAGE = "CAFE0123BEEF4567"
MK_AC, BDK = under_lmk("109", K), under_lmk("009", K)
CANARIES = (
    K, Z, PIN, BLOCK_K, BLOCK_Z, MESSAGE, ACCOUNT, "9781654", TPK, ZPK, PVK, CVK, ZMK, DEK, TAK,
    MK_AC, BDK,
)  # fmt: skip

EVERY_COMMAND = {
    "NC": [""],
    "NO": ["00", "01"],
    "B2": ["0010" + MESSAGE],
    "A0": ["00001U", f"01001U;0{ZMK}U"],
    "A6": [f"A6001{ZMK}X{K}U"[2:]],
    "A8": [f"001{ZMK}{ZPK}U"],
    "A4": [f"2001U{ZPK}{under_lmk('001', K)}"],
    "BU": [f"FF1{ZPK};001;001"],
    "FA": [f"{ZMK}X{K};XU1"],
    "GC": [f"{ZMK}{ZPK};XU1"],
    "IA": [f"{ZMK};XU1"],
    "HC": [f"{TPK};XU1"],
    "NK": [f"0020072A6001{ZMK}X{K}U0046BUFF1{ZPK};001;001"],
    "CA": [f"{TPK}{ZPK}12{BLOCK_K}0101{ACCOUNT}"],
    "CC": [f"{ZPK}{ZPK}12{BLOCK_Z}0101{ACCOUNT}"],
    "JE": [f"{ZPK}{BLOCK_Z}01{ACCOUNT}"],
    "EC": [f"{ZPK}{PVK}{BLOCK_Z}01{ACCOUNT}11234"],
    "EA": [f"{ZPK}{PVK}12{BLOCK_Z}0109{ACCOUNT}01234567890123451122334455N8123456789FFF"],
    "DG": [f"{PVK}9781654290{ACCOUNT}1"],
    "CY": [f"{CVK}978{ACCOUNT}1654;2512101"],
    "M6": [f"01130003{TAK}0010{MESSAGE}"],
    "M8": [f"01130003{TAK}0010{MESSAGE}{MESSAGE}"],
    "CW": [f"{CVK}{ACCOUNT}1654;2512101"],
    "KQ": [f"10{MK_AC}{ACCOUNT[:8]}1234567810{MESSAGE};{MESSAGE[:8]}00"],
    "KW": [f"42{MK_AC}{ACCOUNT[:8]}12{MESSAGE[:8]}00004{MESSAGE[:4]}"],
    "MY": [f"01130003{TAK}01130003{TAK}0010{MESSAGE}{MESSAGE}"],
    "MA": [f"{TAK}{MESSAGE}"],
    "MC": [f"{TAK}{MESSAGE[:8]}{MESSAGE}"],
    "ME": [f"{TAK}{TAK}{MESSAGE[:8]}{MESSAGE}"],
    "GW": [f"41{BDK}A05FFFF000001315240003A0010{MESSAGE}"],
    "M4": [f"00001100B{DEK}00B{DEK}0010{MESSAGE}"],
    "M0": [f"001100B{DEK}0010{MESSAGE}"],
    "M2": [f"001100B{DEK}0010{MESSAGE}"],
}


def test_every_command_is_driven_here() -> None:
    """A command added later must be added to the canaries."""
    assert set(EVERY_COMMAND) == {code.decode() for code in COMMANDS}


def test_no_secret_is_printed_or_logged() -> None:
    """Each command, right, cut short, and with each of its characters spoiled in turn."""
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [str(Path(sys.executable).parent / "noyau"), "hsm", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    lines = [process.stderr.readline(), process.stderr.readline()]
    peer = Peer(json.loads(lines[1])["port"])
    codes = set()
    for command, bodies in EVERY_COMMAND.items():
        for body in bodies:
            spoiled = [
                body[:place] + other + body[place + 1 :]
                for place in range(len(body))
                for other in ("?", "6" if body[place] != "6" else "7")
            ]
            for request in (body, *spoiled, *(body[:cut] for cut in range(0, len(body), 7))):
                codes.add(peer.ask(command + request)[2:4])
    peer.socket.sendall(b"\xff\xff" + BLOCK_K.encode())  # a frame too long is logged
    assert peer.is_closed_by_device()
    peer.close()
    process.terminate()
    printed, logged = process.communicate(timeout=10)
    written = "".join(lines) + printed + logged
    assert "frame_too_long" in written
    assert b"41" not in codes
    assert {b"00", b"01", b"10", b"15", b"20"} <= codes
    _check_silent(written)


def test_defect_in_a_command_tells_its_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception with card data in its words becomes 41 and a line without them."""

    def broken(*_values: object) -> bytes:
        raise ValueError(f"cannot translate {BLOCK_K} under {K}")

    ca = COMMANDS[b"CA"]
    monkeypatch.setattr(type(ca), "run", broken)
    device = Device(by_identifier())
    with capture_logs() as log:
        answer = device.answer(b"0042CA" + EVERY_COMMAND["CA"][0].encode())
    assert answer == b"0042CB41"
    assert [event["event"] for event in log] == ["command_failed"]
    assert log[0]["command"] == "CA"
    assert re.search(r"test_secrecy\.py:\d+", log[0]["place"])
    _check_silent(repr(log))


def test_tracebacks_show_no_locals(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception that reaches the log is told by its frames, not by what they held."""
    log_to_stderr()
    try:
        _fail_with(K)
    except ValueError:
        structlog.get_logger().exception("failed")
    finally:
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert "_fail_with" in written
    _check_silent(written)


def _fail_with(key: str) -> None:
    raise ValueError(f"{len(key)} digits")


def test_keys_do_not_print() -> None:
    """Neither str, repr nor a format shows a key."""
    key = SecretKey(bytes.fromhex(K))
    assert str(key) == repr(key) == f"{key}" == "<key: T, 128 bits>"


def test_known_keys_are_bounded() -> None:
    """The oldest key is forgotten first."""
    known = KnownKeys(keys_max=2)
    numbers = (b"1", b"2", b"3")
    for number in numbers:
        known.remember(CVK_VERIFY, number, SecretKey(bytes.fromhex(K)))
    forgotten = [known.found((CVK_VERIFY, number)) is None for number in numbers]
    assert forgotten == [True, False, False]


def test_cryptogram_of_a_key_is_not_the_key() -> None:
    """What the canary list takes for granted."""
    assert K not in under_lmk("001", K)


def _check_silent(written: str) -> None:
    for canary in CANARIES:
        assert canary not in written
        assert canary.lower() not in written
