"""The MAC of a terminal's message, under the DUKPT key of its transaction."""
import hmac
from typing import Final

from hsm_emulator import dukpt_aes, dukpt_tdes, mac
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.pin_fields import MAC_DIGITS
from hsm_emulator.secret_key import AES_, SecretKey

_RETAIL_OR_CMAC: Final = b"1"  # the only method that published requests show


def request_mac(bdk: SecretKey, ksn: bytes, message: bytes) -> bytes:
    """Return the MAC that the terminal makes: ISO 9797-1 MAC 3, zeros to fill; of AES the CMAC."""
    if bdk.algorithm == AES_:
        return dukpt_aes.working_key(bdk, ksn, dukpt_aes.Usage.MAC_GENERATION).cmac(message)
    key = dukpt_tdes.working_key(bdk, ksn, dukpt_tdes.Usage.MAC_REQUEST)
    blocks = mac.padded(message, b"1", key.block_bytes)
    if len(key.clear) == 8:
        return mac.algorithm_1(key, blocks, bytes(8))
    return mac.algorithm_3(key, blocks, bytes(8))


def mac_verdict(
    bdk: SecretKey, ksn: bytes, options: bytes, expected: bytes, message: bytes
) -> bytes:
    """Return 00 or 01 for a MAC that came with a PIN; nothing when none came."""
    if not options:
        return b""
    if options[1:] != _RETAIL_OR_CMAC:
        raise Refused(Code.INPUT)
    made = in_hexadecimal(request_mac(bdk, ksn, message))[: MAC_DIGITS[options[:1]]]
    matches = hmac.compare_digest(made, expected.upper())
    return Code.OK if matches else Code.NOT_VERIFIED
