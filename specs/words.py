"""What codes mean, in words: MTI, and the elements whose codes are commonly agreed on.

Sources: the code lists of ISO 8583:1987 and 1993 as commonly published; networks differ, so these
are words for people, never decisions.
"""
from typing import Final

from specs.action_codes import DOWN
from specs.elements import DE
from specs.rules import Dialect

VERSIONS: Final = {"0": "1987", "1": "1993", "2": "2003", "8": "national use", "9": "private use"}
CLASSES: Final = {"1": "authorization", "2": "financial", "3": "file action", "4": "reversal",
                  "5": "reconciliation", "6": "administrative", "7": "fee collection",
                  "8": "network management"}
FUNCTIONS: Final = {"0": "request", "1": "request response", "2": "advice", "3": "advice response",
                    "4": "notification", "5": "notification acknowledgement", "6": "instruction",
                    "7": "instruction acknowledgement"}
ORIGINS: Final = {"0": "acquirer", "1": "acquirer, repeat", "2": "issuer", "3": "issuer, repeat",
                  "4": "other", "5": "other, repeat"}

TRANSACTIONS: Final = {
    "00": "purchase", "01": "cash withdrawal", "02": "debit adjustment", "03": "cheque guarantee",
    "09": "purchase with cash back", "10": "account funding", "11": "quasi cash",
    "18": "debit, national use", "20": "refund", "21": "deposit", "22": "credit adjustment",
    "26": "payment to a card", "28": "account credit", "30": "available funds inquiry",
    "31": "balance inquiry", "38": "mini statement", "39": "statement", "40": "transfer",
    "50": "payment", "90": "PIN change", "91": "PIN verification", "92": "PIN unblock",
}
ACCOUNTS: Final = {"00": "default account", "10": "savings account", "20": "cheque account",
                   "30": "credit account", "40": "universal account", "50": "investment account"}

ENTRY_MODES: Final = {
    "00": "unknown entry", "01": "manual entry", "02": "magnetic stripe", "03": "bar code",
    "04": "optical reading", "05": "chip", "06": "key entry", "07": "contactless chip",
    "10": "credential on file", "79": "fallback to key entry", "80": "fallback to magnetic stripe",
    "81": "electronic commerce", "90": "magnetic stripe, whole track", "91": "contactless stripe",
    "95": "chip, CVV may be unreliable",
}
PIN_CAPABILITIES: Final = {"0": "PIN capability unknown", "1": "takes PINs", "2": "takes no PINs",
                           "3": "takes PINs by software", "8": "PIN pad out of order"}
CONDITIONS: Final = {"00": "normal", "01": "cardholder not present", "02": "unattended terminal",
                     "03": "merchant suspicious", "05": "card not present", "06": "preauthorized",
                     "08": "mail or telephone order", "51": "verification without amount",
                     "59": "electronic commerce", "71": "card present, track unreadable"}

RESPONSES: Final = {
    "00": "approved", "01": "refer to the issuer", "02": "refer to the issuer, special conditions",
    "03": "invalid merchant", "04": "capture the card", "05": "do not honour", "06": "error",
    "07": "capture the card, special conditions", "08": "approved with identification",
    "09": "request in progress", "10": "approved for a partial amount", "11": "approved (VIP)",
    "12": "invalid transaction", "13": "invalid amount", "14": "invalid card number",
    "15": "no such issuer", "16": "approved, update track 3", "17": "cancelled by the customer",
    "19": "enter the transaction again", "21": "no action taken", "25": "original not found",
    "30": "format error", "31": "bank not supported", "33": "expired card, capture",
    "34": "suspected fraud, capture", "35": "contact the acquirer, capture",
    "36": "restricted card, capture", "37": "call acquirer security, capture",
    "38": "PIN tries exceeded, capture", "39": "no credit account",
    "40": "function not supported", "41": "lost card", "42": "no universal account",
    "43": "stolen card", "51": "insufficient funds", "52": "no cheque account",
    "53": "no savings account", "54": "expired card", "55": "incorrect PIN", "56": "no card record",
    "57": "not permitted to the cardholder", "58": "not permitted to the terminal",
    "59": "suspected fraud", "60": "contact the acquirer", "61": "exceeds the amount limit",
    "62": "restricted card", "63": "security violation", "64": "original amount incorrect",
    "65": "exceeds the count limit", "66": "call acquirer security", "67": "capture at the ATM",
    "68": "response received too late", "75": "PIN tries exceeded", "76": "original not found",
    "77": "inconsistent with the original", "78": "no such account or card not yet valid",
    "81": "PIN cryptographic error", "82": "negative CAM or CVV result",
    "85": "no reason to decline", "86": "PIN cannot be verified", "87": "approved, purchase only",
    "88": "cryptographic failure",
    "89": "unacceptable PIN", "90": "cutover in progress", "91": "issuer or switch inoperative",
    "92": "no route to the issuer", "93": "violation of law", "94": "duplicate transmission",
    "95": "reconcile error", "96": "system malfunction", "97": "MAC error",
}
ACTIONS: Final = {
    "000": "approved", "400": "accepted", "800": "accepted", "107": "refer to the issuer",
    "112": "PIN data required", "909": "system malfunction", "911": "issuer timed out",
    "916": "MAC incorrect", "912": "issuer unavailable", "923": "request in progress",
}
NETWORK_CODES: Final = {
    "001": "sign on", "002": "sign off", "003": "target system unavailable",
    "061": "group sign on", "062": "group sign off", "071": "sign on", "072": "sign off",
    "078": "advices on", "079": "advices off", "101": "key exchange", "161": "key change",
    "162": "new key", "201": "cutover", "202": "cutover completed", "270": "echo", "301": "echo",
    "801": "sign on", "802": "sign off", "811": "key change", "821": "cutover", "831": "echo",
}
FUNCTION_CODES: Final = {
    "100": "original authorization, amount accurate", "101": "original authorization, estimated",
    "200": "original financial request", "201": "previously authorized, same amount",
    "202": "previously authorized, other amount", "400": "full reversal",
    "401": "partial reversal", "450": "first chargeback, full",
} | {code: words for code, words in NETWORK_CODES.items() if code[0] == "8"}
CURRENCIES: Final = {"504": "MAD", "840": "USD", "978": "EUR", "826": "GBP", "756": "CHF",
                     "392": "JPY", "952": "XOF", "012": "DZD", "788": "TND", "124": "CAD"}


def mti_words(mti: str) -> str:
    """0100: "authorization request, from the acquirer (1987)". Empty for what is no MTI."""
    if len(mti) != 4 or mti[1] not in CLASSES or mti[2] not in FUNCTIONS:
        return ""
    version = VERSIONS.get(mti[0], "unknown version")
    origin = ORIGINS.get(mti[3], "unknown origin")
    return f"{CLASSES[mti[1]]} {FUNCTIONS[mti[2]]}, transaction of: {origin} ({version})"


def element_words(dialect: Dialect, number: int, text: str) -> str:
    """What an element's code says, where that is known; never more than its code says."""
    if number == DE.PROCESSING_CODE and len(text) == 6:
        said = (TRANSACTIONS.get(text[:2], ""), ACCOUNTS.get(text[2:4], ""),
                ACCOUNTS.get(text[4:], ""))
        return ", ".join((said[0], f"from {said[1]}", f"to {said[2]}")) if all(said) else said[0]
    if number == DE.ENTRY_MODE and len(text) == 3:
        said = (ENTRY_MODES.get(text[:2], ""), PIN_CAPABILITIES.get(text[2:], ""), "")
        return ", ".join(word for word in said if word)
    if number == DE.RESPONSE_CODE:
        return _response_words(text)
    if number in (DE.CURRENCY, DE.SETTLEMENT_CURRENCY, DE.BILLING_CURRENCY):
        return CURRENCIES.get(text, "")
    if number == dialect.network_element and number == DE.NETWORK_CODE:
        return NETWORK_CODES.get(text, "")
    if number == DE.FUNCTION_CODE and dialect.version > 1987:
        return FUNCTION_CODES.get(text, "")
    if number == DE.CONDITION_CODE and len(text) == 2:
        return CONDITIONS.get(text, "")
    return ""


def _response_words(text: str) -> str:
    if len(text) == 3:
        return ACTIONS.get(text) or RESPONSES.get(DOWN.get(text, ""), "")
    return RESPONSES.get(text, "")
