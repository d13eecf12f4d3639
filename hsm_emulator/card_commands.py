"""Commands about cards: CW makes and CY verifies a CVV of any kind.

What is on the stripe, on the back and in the chip differs in the service code only (CVV2 000, iCVV
999); a dCVV has the ATC in place of the PAN's first digits and the card's own key; a CAVV has the
transaction's number and result where the expiry and the service code stand.
"""
import hmac
from dataclasses import dataclass
from typing import Final

from hsm_emulator.cvv import cvv
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Digits
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import CVK_GENERATE, CVK_VERIFY, KeyRole
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.secret_key import TDES

_PAN_END: Final = b";"


@dataclass(frozen=True, slots=True)
class Pan:
    """A whole PAN, 12 to 19 digits, and `;`."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = body.find(_PAN_END, at, at + 20)
        text = body[at:end]
        if end < 0 or not text.isdigit() or len(text) < 12:
            raise Refused(Code.INPUT)
        values.append(text)
        return end + 1

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "12 to 19 N, then ;")]


def make_cvv(lmk: Lmk, cvk: bytes, pan: bytes, expiry: bytes, service_code: bytes) -> bytes:
    return Code.OK + _cvv(lmk, cvk, CVK_GENERATE, pan + expiry + service_code)


def verify_cvv(
    lmk: Lmk, cvk: bytes, expected: bytes, pan: bytes, expiry: bytes, service_code: bytes
) -> bytes:
    made = _cvv(lmk, cvk, CVK_VERIFY, pan + expiry + service_code)
    return Code.OK if hmac.compare_digest(made, expected) else Code.NOT_VERIFIED


def _cvv(lmk: Lmk, cvk: bytes, role: KeyRole, card: bytes) -> bytes:
    key = lmk.key(cvk, role, Code.SOURCE_PARITY)
    if key.algorithm != TDES:
        raise Refused(Code.KEY_ALGORITHM)
    if len(key.clear) != 16:
        raise Refused(Code.KEY_LENGTH)
    return cvv(key, card.decode("ascii")).encode("ascii")


_CVK: Final = Key("CVK pair", untagged=32)
_CARD: Final = (
    Pan("PAN"),
    Digits("expiry (of a CAVV the transaction number's last digits)", 4),
    Digits("service code (000 CVV2, 999 iCVV; of a CAVV its result)", 3),
)

COMMANDS: Final = (
    Command("CW", "Make a card verification value", (_CVK, *_CARD), (("CVV", "3 N"),), make_cvv),
    Command(
        "CY",
        "Verify a card verification value",
        (_CVK, Digits("CVV", 3), *_CARD),
        (),
        verify_cvv,
    ),
)
