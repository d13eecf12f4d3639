"""Commands about cards: CY verifies a CVV, CVV2 or iCVV."""
import hmac
from typing import Final

from hsm_emulator.cvv import cvv
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Digits, Until
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import CVK_VERIFY
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk


def verify_cvv(
    lmk: Lmk, cvk: bytes, expected: bytes, pan: bytes, expiry: bytes, service_code: bytes
) -> bytes:
    key = lmk.key(cvk, CVK_VERIFY, Code.SOURCE_PARITY)
    if len(key.clear) != 16:
        raise Refused(Code.KEY_LENGTH)
    card = (pan + expiry + service_code).decode("ascii")
    matches = hmac.compare_digest(cvv(key, card).encode("ascii"), expected)
    return Code.OK if matches else Code.NOT_VERIFIED


COMMANDS: Final = (
    Command(
        "CY",
        "Verify a card verification value",
        (
            Key("CVK pair", untagged=32),
            Digits("CVV", 3),
            Until("PAN", b";", 19),
            Digits("expiry", 4),
            Digits("service code (000 CVV2, 999 iCVV)", 3),
        ),
        (),
        verify_cvv,
    ),
)
