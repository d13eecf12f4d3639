"""The PVV of a demo card, made by the HSM's own commands: JE, then DG."""
from hsm_emulator.device import Device
from issuers.checks import account_digits
from issuers.settings import PinCheckTable, PinKeyTable
from noyau.demo.pin_pad import pin_block

OK = b"00"


class HsmRefused(Exception):
    """The HSM declined a command; the text has the command and the error, never what was in it."""


def pvv(device: Device, zpk: str, keys: tuple[PinKeyTable, PinCheckTable], row: dict[str, str],
        pin: str) -> str:
    """The PIN goes in as a block under the issuer's ZPK, as from any terminal."""
    pin_key, pin_check = keys
    account = account_digits(row["pan"])
    block = pin_block(pin, row["pan"], zpk)
    under_lmk = asked(device, f"JE{pin_key.under_lmk}{block}01{account}")
    return asked(device, f"DG{pin_check.pvk_under_lmk}{under_lmk}{account}{row['pvki']}")


def asked(device: Device, command: str) -> str:
    """What stands behind the error code of the answer."""
    answer = device.answer(b"0000" + command.encode("ascii"))[4:]
    if answer[2:4] != OK:
        raise HsmRefused(f"{command[:2]} was answered with error {answer[2:4].decode()}")
    return answer[4:].decode("ascii")
