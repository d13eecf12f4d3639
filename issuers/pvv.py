"""PVVs for card files, made by the HSM from test PINs, so that no card file holds a PIN.

Only for test keys that everybody may know: the PIN block is made here, under a ZPK in clear. JE
brings it under the LMK, DG makes the PVV from that.
"""
import asyncio
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from issuers.checks import Ask, account_digits
from issuers.hsm_client import HsmAway, HsmClient
from issuers.settings import BadSettings, HostSettings, PinCheckTable, PinKeyTable

OK: Final = b"00"


class NoPvv(Exception):
    """The HSM refused; says which command and with which code."""


async def pvvs(
    settings: HostSettings, zpk: str, cards: Sequence[tuple[str, str, str]]
) -> list[str]:
    """The PVVs of (PAN, PIN, PVKI), through the HSM of an issuer's settings."""
    hsm, pin_key, pin_check = settings.hsm, settings.pin_key, settings.pin_check
    if hsm is None or pin_key is None or pin_check is None:
        raise BadSettings([f"{settings.host.name}: [hsm], [pin_key] and [pin_check] are needed"])
    if pin_check.method != "pvv":
        raise BadSettings([f"{settings.host.name}: [pin_check] method is {pin_check.method!r}: "
                           "this host looks at offsets, not at PVVs"])
    client = HsmClient(hsm.endpoints, 1, hsm.timeout_s, hsm.pending_max)
    connecting = asyncio.create_task(client.keep_connected())
    try:
        async with asyncio.timeout(hsm.timeout_s):
            await client.connected()
        return [await pvv(client.ask, zpk, (pin_key, pin_check), *card) for card in cards]
    except TimeoutError:
        raise HsmAway from None
    finally:
        connecting.cancel()
        await asyncio.wait({connecting})


async def pvv(
    ask: Ask, zpk: str, keys: tuple[PinKeyTable, PinCheckTable], pan: str, pin: str,
    pvki: str = "1",
) -> str:
    """The PVV of a PIN. `zpk` is the clear test key whose cryptogram is in `keys`."""
    pin_key, pin_check = keys
    account = account_digits(pan)
    block = pin_block(zpk, pan, pin)
    pin_under_lmk = await _asked(ask, f"JE{pin_key.under_lmk}{block}01{account}")
    return await _asked(ask, f"DG{pin_check.pvk_under_lmk}{pin_under_lmk}{account}{pvki}")


def pin_block(zpk: str, pan: str, pin: str) -> str:
    """An ISO 9564 format 0 block under a double-length TDES key, in hexadecimal digits."""
    filled = f"0{len(pin):X}{pin:F<14}"
    clear = int(filled, 16) ^ int(account_digits(pan), 16)
    key = bytes.fromhex(zpk)
    # S305: one block is enciphered; that is what the standard says.
    cipher = Cipher(TripleDES(key + key[:8]), modes.ECB())  # noqa: S305
    return cipher.encryptor().update(clear.to_bytes(8, "big")).hex().upper()


async def _asked(ask: Ask, command: str) -> str:
    answer = await ask(command.encode("ascii"))
    if answer[2:4] != OK:
        raise NoPvv(f"the HSM answered {command[:2]} with {answer[2:4].decode('ascii', 'replace')}")
    return answer[4:].decode("ascii")
