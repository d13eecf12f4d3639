"""Card verification values, of the stripe, the back and the chip: one algorithm, three inputs."""
from hsm_emulator.pin_verification import decimal_digits
from hsm_emulator.secret_key import SecretKey


def cvv(cvk: SecretKey, card: str, digits: int = 3) -> str:
    """Return the CVV of PAN, expiry and service code written one after the other."""
    block = bytes.fromhex(card.ljust(32, "0"))
    left = cvk.left().encrypt(block[:8])
    middle = (int.from_bytes(left) ^ int.from_bytes(block[8:])).to_bytes(8)
    return decimal_digits(cvk.encrypt(middle).hex(), digits)


def dcvv(card_key: SecretKey, pan: str, atc: int, expiry: str, service_code: str) -> str:
    """Return the dCVV of a contactless card: the CVV under its own key, ATC digits leading the PAN.

    So CW and CY serve it where a host holds the card's key: the PAN they get is the changed one.
    """
    return cvv(card_key, f"{atc % 10_000:04d}{pan[4:]}{expiry}{service_code}")
