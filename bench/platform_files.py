"""The configuration of the switch under load: one acquirer, one issuer, nothing switched off.

Limits are above what the load reaches, so that it is the programs that are measured.
"""

from pathlib import Path
from typing import Final

from bench.purchases import ACQUIRER_ZPK
from hsm_emulator.cryptograms import kcv, under_lmk

ACQUIRER_DIALECT: Final = "iso87-ascii"
ISSUER_DIALECT: Final = "national"
ISSUER_ZPK: Final = "13131313131313132525252525252525"
DATA_KEY: Final = "23232323232323234A4A4A4A4A4A4A4A"
RANGES: Final = 20_000  # of 9 digits each; a national table has about as many
LIMIT: Final = 100_000


def write_configuration(
    folder: Path, port: int, hsm_port: int, http_port: int, responder_port: int, dialect: str
) -> None:
    """Four files that `noyau check` accepts; the dialect is the issuer's."""
    folder.mkdir()
    (folder / "router.toml").write_text(f"""
[router]
institution_id = "950400"
in_flight_max = {LIMIT}
turn_max_s = 60.0
repeats_max = 200000
log_level = "info"
[hsm]
endpoints = ["127.0.0.1:{hsm_port}"]
connections = 2
timeout_s = 5.0
pending_max = {LIMIT}
data_key_under_lmk = "{under_lmk("00B", DATA_KEY)}"
data_key_kcv = "{kcv(DATA_KEY)}"
[http]
listen = "127.0.0.1:{http_port}"
""")
    (folder / "acquirers.toml").write_text(f"""
[[acquirer]]
name = "bench"
listen = "127.0.0.1:{port}"
allowed = ["127.0.0.1/32"]
dialect = "{ACQUIRER_DIALECT}"
institution_id = "504777"
sign_on = "optional"
answer_within_s = 15.0
in_flight_max = {LIMIT}
requests_per_s = {LIMIT}
requests_burst = {LIMIT}
connections_max = 64
[acquirer.pin_key]
kind = "zpk"
under_lmk = "{under_lmk("001", ACQUIRER_ZPK)}"
kcv = "{kcv(ACQUIRER_ZPK)}"
""")
    (folder / "issuers.toml").write_text(f"""
[[issuer]]
name = "approving"
region = "domestic"
dialect = "{dialect}"
lines = ["127.0.0.1:{responder_port}", "127.0.0.1:{responder_port}"]
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
    (folder / "bins.csv").write_text(
        "first,last,issuer,priority,region,brand,country,product,e_commerce\n"
        + "".join(
            f"{digits},{digits},approving,0,domestic,national,504,debit,yes\n"
            for digits in range(950_400_000, 950_400_000 + RANGES)
        )
    )


def write_relay_configuration(file: Path, port: int, responder_port: int) -> None:
    """HAProxy as a relay that understands nothing: one thread, TCP mode."""
    file.write_text(
        "global\n  nbthread 1\n  maxconn 1000\n"
        "defaults\n  mode tcp\n  timeout connect 5s\n"
        "  timeout client 60s\n  timeout server 60s\n"
        f"listen relay\n  bind 127.0.0.1:{port}\n"
        f"  server issuer 127.0.0.1:{responder_port}\n"
    )
