"""IBM 3624 offsets of the demo's cards, from the PVK in clear: the HSM does not make any yet (DE).

The set-up's own arithmetic: nothing of it is the HSM's, whose EA must come to the same.
"""
from issuers.checks import account_digits, validation_data
from noyau.demo.pin_pad import enciphered


def card_offset(pvk: str, table: str, pan: str, pin: str) -> str:
    """The offset of a card's whole PIN, for the validation data that its issuer sends with EA."""
    data = validation_data(pan).replace("N", account_digits(pan)[-5:])
    return offset(natural_pin(pvk, table, data, len(pin)), pin)


def natural_pin(pvk: str, table: str, data: str, length: int) -> str:
    """The validation data enciphered; each hexadecimal digit through the decimalisation table."""
    symbols = enciphered(bytes.fromhex(data), pvk).hex()
    return "".join(table[int(symbol, 16)] for symbol in symbols[:length])


def offset(natural: str, pin: str) -> str:
    """What leads from the natural PIN to the chosen one: digit by digit, without borrowing."""
    pairs = zip(pin, natural, strict=True)
    return "".join(str((int(chosen) - int(given)) % 10) for chosen, given in pairs)
