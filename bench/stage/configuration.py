"""The configuration of the switch under load: acquirers, one issuer, nothing switched off.

Limits are above what the load reaches, so that it is the programs that are measured.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.load.purchases import ACQUIRER_ZPK
from bench.stage.setting import USUAL, Setting
from hsm_emulator.cryptograms import kcv, under_lmk

ISSUER_ZPK: Final = "13131313131313132525252525252525"
DATA_KEY: Final = "23232323232323234A4A4A4A4A4A4A4A"
LIMIT: Final = 100_000
CONNECTIONS_MAX: Final = 6000
FIRST_RANGE: Final = 950_400_000  # 9504: national use, country 504
CARD_RANGES: Final = 20_000  # all 64 cards lie in these, which every table has in it


@dataclass(frozen=True, slots=True)
class Ports:
    """On the loopback interface, free ones."""

    acquirers: list[int]
    hsm: int
    http: int
    issuer: int


def write_configuration(folder: Path, ports: Ports, setting: Setting = USUAL) -> None:
    """Four files that `noyau check` accepts."""
    folder.mkdir()
    workers = f"workers = {setting.workers}\n" if setting.workers > 1 else ""
    (folder / "router.toml").write_text(f"""
[router]
institution_id = "950400"
in_flight_max = {LIMIT}
turn_max_s = 60.0
repeats_max = 200000
log_level = "info"
{workers}[hsm]
endpoints = ["127.0.0.1:{ports.hsm}"]
connections = 2
timeout_s = 5.0
pending_max = {LIMIT}
data_key_under_lmk = "{under_lmk("00B", DATA_KEY)}"
data_key_kcv = "{kcv(DATA_KEY)}"
[http]
listen = "127.0.0.1:{ports.http}"
[journal]
follow = true
""")
    (folder / "acquirers.toml").write_text(
        "".join(acquirer(number, port, setting) for number, port in enumerate(ports.acquirers))
    )
    (folder / "issuers.toml").write_text(f"""
[[issuer]]
name = "approving"
region = "domestic"
dialect = "{setting.issuer_dialect}"
lines = ["127.0.0.1:{ports.issuer}", "127.0.0.1:{ports.issuer}"]
issuer_timeout_s = 10.0
pending_max = {LIMIT}
in_flight_max = {LIMIT}
requests_per_s = {LIMIT}
requests_burst = {LIMIT}
[issuer.pin_key]
kind = "zpk"
under_lmk = "{under_lmk("001", ISSUER_ZPK)}"
kcv = "{kcv(ISSUER_ZPK)}"
""")
    with (folder / "bins.csv").open("w") as file:
        file.write("first,last,issuer,priority,region,brand,country,product,e_commerce\n")
        for first, last in bin_ranges(setting.ranges):
            file.write(f"{first:09d},{last:09d},approving,0,domestic,national,504,debit,yes\n")


def acquirer(number: int, port: int, setting: Setting) -> str:
    """The first is called bench, those after it bench-1 and so on."""
    return f"""
[[acquirer]]
name = "bench{f"-{number}" if number else ""}"
listen = "127.0.0.1:{port}"
allowed = ["127.0.0.1/32"]
dialect = "{setting.acquirer_dialect}"
institution_id = "504{777 - number}"
sign_on = "optional"
answer_within_s = 15.0
in_flight_max = {LIMIT}
requests_per_s = {LIMIT}
requests_burst = {LIMIT}
connections_max = {CONNECTIONS_MAX}
[acquirer.pin_key]
kind = "zpk"
under_lmk = "{under_lmk("001", ACQUIRER_ZPK)}"
kcv = "{kcv(ACQUIRER_ZPK)}"
"""


def bin_ranges(count: int) -> list[tuple[int, int]]:
    """So many, one after another from 9504 on; few are wide, so that they hold all cards."""
    width = max(1, CARD_RANGES // count)
    starts = range(FIRST_RANGE, FIRST_RANGE + min(count, CARD_RANGES) * width, width)
    ranges = [(first, first + width - 1) for first in starts]
    others = range(100_000_000, 100_000_000 + max(0, count - CARD_RANGES) * 3, 3)
    return [*((first, first + 1) for first in others), *ranges]


def write_relay_configuration(file: Path, port: int, responder_port: int) -> None:
    """HAProxy as a relay that understands nothing: one thread, TCP mode."""
    file.write_text(
        f"global\n  nbthread 1\n  maxconn {CONNECTIONS_MAX}\n"
        "defaults\n  mode tcp\n  timeout connect 5s\n"
        "  timeout client 60s\n  timeout server 60s\n"
        f"listen relay\n  bind 127.0.0.1:{port}\n"
        f"  server issuer 127.0.0.1:{responder_port}\n"
    )
