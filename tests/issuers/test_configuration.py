"""A host's configuration is refused as a whole, with every mistake and where it stands."""
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from issuers.opening import opening
from issuers.settings import BadSettings
from tests.issuers.bank import CARDS, SETTINGS, write_configuration


def mistakes(folder: Path, settings: str = SETTINGS, cards: str = CARDS) -> str:
    with pytest.raises(BadSettings) as refused:
        opening(write_configuration(folder, settings, cards), "atlas")
    return str(refused.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    """Five mistakes in five tables: five lines, each with file and table."""
    said = mistakes(tmp_path, """
[issuer]
name = "atlantis"
dialect = "iso87-ascii"
listen = ["localhost"]
[hsm]
endpoints = ["127.0.0.1:1500"]
connections = 0
[pin_key]
under_lmk = "U11111111111111111111111111111111"
[magic]
[[misbehaviour]]
does = "explode"
""")
    for expected in ("[magic]", "atlantis", "'localhost' is not HOST:PORT", "[hsm]",
                     "[pin_key] and [pin_check] go together", "[[misbehaviour]] number 1"):
        assert expected in said
    assert all(str(tmp_path) in line for line in said.splitlines())


def test_unknown_dialect_framing_and_card_are_named(tmp_path: Path) -> None:
    """What can only be judged with other files is judged too."""
    said = mistakes(tmp_path, SETTINGS.replace("iso87-ascii", "no-such-dialect")
                    + 'framing = "smoke"\n[[misbehaviour]]\ndoes = "silent"\ncards = ["x-1"]\n')
    assert "no-such-dialect" in said
    assert "framing" in said
    assert "'x-1' is no reference" in said


def test_bad_cards_are_named_by_line_without_their_numbers(tmp_path: Path) -> None:
    """A PAN is card data even when it is wrong."""
    said = mistakes(tmp_path, cards="""\
reference,pan,expiry,status,balance_minor,currency,flags
a,9504000000000011,3012,active,1000,504,
b,9504000000000028,3013,sleeping,10.00,MAD,shiny
c,9504000000000036,3012,active,1000,504,
c,9504000000000036,3012,active,1000,504,
""")
    for expected in ("line 2: pan", "line 3: expiry", "line 3: status", "line 3: balance_minor",
                     "line 3: currency", "line 3: flags shiny", "line 5: this pan"):
        assert expected in said
    assert "95040000" not in said


def test_missing_columns_are_named(tmp_path: Path) -> None:
    """Before any line is looked at."""
    said = mistakes(tmp_path, cards="reference,pan,colour\n")
    assert "'expiry' is missing" in said
    assert "'colour' is unknown" in said


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    """Another program has the port: exit 2, and which one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        write_configuration(tmp_path, SETTINGS.replace("127.0.0.1:0", address))
        done = issuer("run", "atlas", folder=tmp_path)
    assert (done.returncode, address in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("arguments", "reason"), [
    (("run", "atlas"), "cannot be read"),
    (("holds", "atlas"), "no ledger"),
    (("misbehave", "atlas", "silent"), "does not run"),
    (("misbehave", "atlas", "sing"), "does"),
])
def test_the_command_line_says_what_is_wrong_and_exits_2(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    """In a folder without a configuration; `--state` keeps away from hosts that run elsewhere."""
    (tmp_path / "config").mkdir()
    (tmp_path / "state" / "issuers").mkdir(parents=True)
    done = issuer(*arguments, "--state", "state", folder=tmp_path)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def issuer(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """`noyau issuer` in a folder."""
    # S603: the command is this test's own.
    return subprocess.run([sys.executable, "-m", "noyau", "issuer", *arguments],  # noqa: S603
                          cwd=folder, capture_output=True, text=True, timeout=20, check=False)
