"""Card verification values, of the stripe, the back and the chip: one algorithm, three inputs."""
from hsm_emulator.secret_key import SecretKey


def cvv(cvk: SecretKey, pan: str, expiry: str, service_code: str, digits: int = 3) -> str:
    """Return the CVV; service code 000 makes a CVV2, 999 an iCVV."""
    block = bytes.fromhex((pan + expiry + service_code).ljust(32, "0"))
    left = SecretKey(cvk.clear[:8])
    middle = bytes(a ^ b for a, b in zip(left.encrypt(block[:8]), block[8:], strict=True))
    text = cvk.encrypt(middle).hex()
    numerals = [symbol for symbol in text if symbol.isdecimal()]
    letters = [str(int(symbol, 16) - 10) for symbol in text if not symbol.isdecimal()]
    return "".join(numerals + letters)[:digits]
