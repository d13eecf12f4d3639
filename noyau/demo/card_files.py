"""The hosts' card files with what stands for each PIN there: PVV or offset, as the host checks."""
import csv
import io
from pathlib import Path

from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from issuers.settings import HostSettings, load_settings
from noyau.demo.cards import CARDS_FILE, host_cards, rows_of
from noyau.demo.offsets import card_offset
from noyau.demo.pvvs import pvv
from noyau.demo.settings import DemoIssuer, DemoSettings, demo_settings


def write_card_files(config: Path) -> list[Path]:
    """Write the hosts' card files anew; the paths written."""
    files = card_files(config, demo_settings(config))
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def card_files(config: Path, settings: DemoSettings) -> dict[Path, str]:
    """Every host's card file as it should read."""
    pins = {row["pan"]: row["pin"] for row in rows_of(config / CARDS_FILE)}
    device = Device(by_identifier())
    return {
        config / "hosts" / f"{issuer.name}-cards.csv": written([
            row | pin_columns(device, issuer, host, row, pins[row["pan"]])
            for row in host_cards(config, issuer.name)
        ])
        for issuer in settings.issuers
        for host in [load_settings(config, issuer.name)]
    }


def pin_columns(device: Device, issuer: DemoIssuer, host: HostSettings, row: dict[str, str],
                pin: str) -> dict[str, str]:
    """The column that the host looks at; the other is empty."""
    assert host.pin_key is not None
    assert host.pin_check is not None
    if host.pin_check.method == "offset":
        table = host.pin_check.decimalisation_table
        return {"pvv": "", "offset": card_offset(issuer.pvk, table, row["pan"], pin)}
    keys = (host.pin_key, host.pin_check)
    return {"pvv": pvv(device, issuer.zpk, keys, row, pin), "offset": ""}


def written(rows: list[dict[str, str]]) -> str:
    """As CSV."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
