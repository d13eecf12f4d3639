"""Clear test keys, what travels of them under a ZMK, and the HSM of this house for peers' tests.

Under the ZMK keys are enciphered in plain ECB (scheme X), computed here.
"""
from dataclasses import replace
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from hsm_emulator.cryptograms import kcv
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import STRICT
from tests.net.hsm_peer import HsmPeer

ZMK: Final = "0123456789ABCDEFFEDCBA9876543210"
DATA: Final = "23232323232323234A4A4A4A4A4A4A4A"
FIRST: Final = "13131313131313132525252525252525"  # the configured key, of acquirer and issuer
SECOND: Final = "15151515151515153737373737373737"
PIN: Final = "4711"


def ecb(key: str) -> Cipher[ECB]:
    clear = bytes.fromhex(key)
    return Cipher(TripleDES(clear + clear[:8]), ECB())  # noqa: S305 - as scheme X says


def offered(clear: str, check: str | None = None) -> str:
    """DE 48 of a 162: the key under the ZMK, then its KCV."""
    under_zmk = ecb(ZMK).encryptor().update(bytes.fromhex(clear)).hex().upper()
    return f"X{under_zmk}{check if check is not None else kcv(clear)}"


def delivered(text: str) -> str:
    """The clear key in DE 48 of a 162; its KCV agrees."""
    assert text[0] == "X"
    clear = ecb(ZMK).decryptor().update(bytes.fromhex(text[1:33])).hex().upper()
    assert kcv(clear) == text[33:39]
    return clear


class RealHsm(HsmPeer):
    """A device of this house behind the test's connection."""

    def __init__(self, free_export: bool) -> None:
        super().__init__()
        device = Device(by_identifier(replace(STRICT, free_export=free_export)))
        self.answer = lambda command: device.answer(b"HEAD" + command)[4:]
