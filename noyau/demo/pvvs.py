"""Makes the PVVs of the demo's cards, through the HSM's own commands: JE, then DG."""
import csv
import io
from pathlib import Path

from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from issuers.settings import HostSettings, load_settings
from noyau.demo.cards import CARDS_FILE, host_cards, rows_of
from noyau.demo.pin_pad import pin_block
from noyau.demo.settings import DemoIssuer, DemoSettings

OK = b"00"


class HsmRefused(Exception):
    """The HSM declined a command; the text has the command and the error, never what was in it."""


def with_pvvs(config: Path, settings: DemoSettings) -> dict[Path, str]:
    """Every host's card file as it should read."""
    pins = {row["pan"]: row["pin"] for row in rows_of(config / CARDS_FILE)}
    device = Device(by_identifier())
    return {
        config / "hosts" / f"{issuer.name}-cards.csv": written([
            row | {"pvv": pvv(device, issuer, load_settings(config, issuer.name), row, pins)}
            for row in host_cards(config, issuer.name)
        ])
        for issuer in settings.issuers
    }


def pvv(device: Device, issuer: DemoIssuer, host: HostSettings, row: dict[str, str],
        pins: dict[str, str]) -> str:
    """The PIN goes in as a block under the issuer's ZPK, as from any terminal."""
    assert host.pin_key is not None
    assert host.pin_check is not None
    account = row["pan"][-13:-1].zfill(12)
    block = pin_block(pins[row["pan"]], row["pan"], issuer.zpk)
    under_lmk = asked(device, f"JE{host.pin_key.under_lmk}{block}01{account}")
    return asked(device, f"DG{host.pin_check.pvk_under_lmk}{under_lmk}{account}{row['pvki']}")


def asked(device: Device, command: str) -> str:
    """What stands behind the error code of the answer."""
    answer = device.answer(b"0000" + command.encode("ascii"))[4:]
    if answer[2:4] != OK:
        raise HsmRefused(f"{command[:2]} was answered with error {answer[2:4].decode()}")
    return answer[4:].decode("ascii")


def written(rows: list[dict[str, str]]) -> str:
    """As CSV."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
