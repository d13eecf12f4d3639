"""A folder without mistakes becomes Settings; what it leaves out is the documented default."""

from pathlib import Path

import pytest

from router.net.addresses import Address, AllowedPeers
from router.net.configuration import load_settings
from router.switching.routing import BinRange
from tests.settings.folders import ACQUIRERS, ISSUERS, ROUTER, folder, settings


def test_every_table_arrives_typed(tmp_path: Path) -> None:
    """Addresses, networks, ranges: parsed once, nobody parses them again."""
    read = settings(tmp_path)
    assert read.hsm.endpoints == (Address("127.0.0.1", 1500), Address("127.0.0.1", 1501))
    medina, corniche = read.acquirers
    assert (medina.name, medina.listen.port, medina.answer_within_s) == ("medina", 8583, 4.0)
    assert medina.sign_on_required
    assert not corniche.sign_on_required
    assert medina.pin_key is not None
    assert (medina.pin_key.kind, medina.pin_key.block_format) == ("tpk", "01")
    assert corniche.pin_key is None
    atlas = read.issuers[0]
    assert atlas.lines == (Address("127.0.0.1", 8601), Address("127.0.0.1", 8601))
    assert read.issuers[1].lines[0].host == "scheme.example"
    assert read.bins[0] == BinRange(
        "950400", "950400", "atlas", 0, "domestic", "national", "504", "debit", e_commerce=True
    )


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    """Only names, addresses and keys have none."""
    read = settings(tmp_path)
    assert read.router.frame_bytes_max == 4096
    assert read.http.listen == Address("127.0.0.1", 9583)
    assert read.mqtt is None
    assert read.acquirers[1].answer_within_s == 10.0


def test_mqtt_is_on_when_its_table_is_there(tmp_path: Path) -> None:
    """The password's path counts from the folder."""
    (tmp_path / "password").write_text("secret\n")
    read = settings(
        tmp_path, router=ROUTER + '[mqtt]\nhost = "broker"\npassword_file = "password"\n'
    )
    assert read.mqtt is not None
    assert read.mqtt.port == 1883
    assert read.mqtt.password_file == tmp_path / "password"


def test_the_demo_configuration_is_good() -> None:
    """What is packed in the wheel passes its own check."""
    assert load_settings(Path(__file__).parents[2] / "config").acquirers


def test_a_file_saved_by_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    """Byte order mark, CRLF and quotes around cells."""
    plain = settings(tmp_path).bins
    text = (tmp_path / "bins.csv").read_text().replace("debit", '"debit"').replace("\n", "\r\n")
    (tmp_path / "bins.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_settings(tmp_path).bins == plain


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    """Their names decide."""
    plain = settings(tmp_path).bins
    rows = [line.split(",") for line in (tmp_path / "bins.csv").read_text().splitlines()]
    turned = "\n".join(",".join(reversed(row)) for row in rows)
    assert load_settings(folder(tmp_path, bins=turned)).bins == plain


@pytest.mark.parametrize(
    ("peer", "passes"),
    [
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_a_listener_knows_its_peers(peer: str, passes: bool) -> None:
    """Also an IPv4 peer on a socket that speaks both."""
    assert AllowedPeers(["127.0.0.0/8", "::1"]).holds(peer) is passes


def test_no_key_is_in_a_representation(tmp_path: Path) -> None:
    """Not even its cryptogram: a repr ends in logs."""
    shown = repr(settings(tmp_path))
    assert "medina" in shown
    for cryptogram in ("AC58299B87BF", "30619FE0D7B9", "364697134FFB"):
        assert cryptogram in f"{ROUTER}{ACQUIRERS}{ISSUERS}"
        assert cryptogram not in shown
