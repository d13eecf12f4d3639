"""The keys of DUKPT terminals for MACs and data, in one vocabulary for TDES and AES."""
from dataclasses import dataclass
from typing import Final

from hsm_emulator import dukpt_aes, dukpt_tdes
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.secret_key import AES_, SecretKey


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the key of a transaction is for, as either kind of DUKPT names it."""

    tdes: dukpt_tdes.Usage
    aes: dukpt_aes.Usage


MAC_REQUEST: Final = Purpose(dukpt_tdes.Usage.MAC_REQUEST, dukpt_aes.Usage.MAC_GENERATION)
MAC_RESPONSE: Final = Purpose(dukpt_tdes.Usage.MAC_RESPONSE, dukpt_aes.Usage.MAC_VERIFICATION)
DATA_REQUEST: Final = Purpose(dukpt_tdes.Usage.DATA_REQUEST, dukpt_aes.Usage.DATA_ENCRYPTION)
DATA_RESPONSE: Final = Purpose(dukpt_tdes.Usage.DATA_RESPONSE, dukpt_aes.Usage.DATA_DECRYPTION)


def terminal_key(bdk: SecretKey, ksn: bytes, purpose: Purpose) -> SecretKey:
    """Return the key of the terminal and transaction that the KSN (hexadecimal digits) names."""
    number = from_hexadecimal(ksn)
    if bdk.algorithm == AES_:
        return dukpt_aes.working_key(bdk, number, purpose.aes)
    return dukpt_tdes.working_key(bdk, number, purpose.tdes)
