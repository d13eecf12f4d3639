"""AES DUKPT as a host on the other side reckons it, apart from the device: X9.24-3:2017, 6.3.2."""
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

PIN, MAC_OF_TERMINAL = "1000", "2000"  # usage indicators
_ALGORITHMS = {16: "0002", 32: "0004"}


def working_key(transaction_key: str, ksn: str, usage: str) -> bytes:
    """Return the AES key that the published key of a transaction leads to, as long as itself."""
    under = bytes.fromhex(transaction_key)
    said = f"{usage}{_ALGORITHMS[len(under)]}{8 * len(under):04X}{ksn[8:]}"
    blocks = "".join(f"01{number:02X}{said}" for number in range(1, len(under) // 16 + 1))
    ecb = Cipher(AES(under), ECB()).encryptor()  # noqa: S305  (the standard's)
    return ecb.update(bytes.fromhex(blocks))


def cmac(key: bytes, message: bytes) -> str:
    """Return the CMAC of a message."""
    made = CMAC(AES(key))
    made.update(message)
    return made.finalize().hex().upper()
