"""Application cryptograms and their answers, scripts, dynamic card codes (EMV 4.3 Book 2).

All of them are the retail MAC of ISO 9797-1 (algorithm 3) or TDES over what the caller has put
together; the keys come from `emv_keys`.
"""
from typing import Final

from hsm_emulator import mac
from hsm_emulator.secret_key import SecretKey

ARPC_2_BYTES: Final = 4
_ZEROS: Final = b"1"  # padding methods of ISO 9797-1
_ONE_AND_ZEROS: Final = b"2"


def cryptogram(key: SecretKey, transaction: bytes) -> bytes:
    """Return the ARQC, TC or AAC of the data elements; whole blocks are not padded further."""
    return mac.algorithm_3(key, mac.padded(transaction, _ZEROS, 8), bytes(8))


def padded_cryptogram(key: SecretKey, transaction: bytes) -> bytes:
    """Return the cryptogram over data that still lack the padding of EMV, 80 and zeros."""
    return mac.algorithm_3(key, mac.padded(transaction, _ONE_AND_ZEROS, 8), bytes(8))


def arpc_1(key: SecretKey, arqc: bytes, response_code: bytes) -> bytes:
    """Return the eight bytes of method 1: the ARQC, changed by the response code (2 bytes)."""
    changed = int.from_bytes(arqc) ^ int.from_bytes(response_code.ljust(8, b"\x00"))
    return key.encrypt(changed.to_bytes(8))


def arpc_2(key: SecretKey, arqc: bytes, status_update: bytes, proprietary: bytes) -> bytes:
    """Return the four bytes of method 2, over ARQC, card status update and up to 8 bytes more."""
    return padded_cryptogram(key, arqc + status_update + proprietary)[:ARPC_2_BYTES]


def script_mac(key: SecretKey, command: bytes) -> bytes:
    """Return the eight bytes that authenticate a command to the card."""
    return padded_cryptogram(key, command)


def script_enciphered_visa(key: SecretKey, content: bytes) -> bytes:
    """Encipher a command's data as VIS does: length first, 80 and zeros, ECB."""
    return key.encrypt(mac.padded(bytes([len(content)]) + content, _ONE_AND_ZEROS, 8))


def script_enciphered_mastercard(key: SecretKey, content: bytes) -> bytes:
    """Encipher a command's data as M/Chip does: padded only if it must be, CBC."""
    return key.encrypt_cbc(_padded_if_needed(content), bytes(8))


def vis_pin_block(card: SecretKey, pin: str, current: str = "") -> bytes:
    """Return the block that VIS puts a new PIN in, with or without the PIN that the card has.

    `card` is its key for application cryptograms: the second half of that key's first part hides
    the filler.
    """
    block = int(f"{len(pin):02x}{pin:f<14}", 16) ^ int.from_bytes(card.clear[4:8])
    return (block ^ int(f"{current:0<16}", 16)).to_bytes(8)


def cvc3(key: SecretKey, track: bytes, unpredictable: bytes, atc: bytes) -> str:
    """Return the five digits of Mastercard's dynamic code; a track holds the last ones of them."""
    track_iv = padded_cryptogram(key, track)[-2:]
    return f"{int.from_bytes(key.encrypt(track_iv + unpredictable + atc)[-2:]):05d}"


def _padded_if_needed(content: bytes) -> bytes:
    return mac.padded(content, _ONE_AND_ZEROS, 8) if len(content) % 8 else content
