"""What an issuer asks its HSM: is this the PIN, is this the CVV.

Commands as in the public descriptions of the host protocol: EC compares a PVV, EA an IBM 3624
offset, CY a CVV. The PIN leaves its block inside the HSM only. A PVV is made of the PIN's first
four digits; an offset has a digit for each, and EA is told to compare them all and take no more.
"""
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from issuers.cards import Card
from issuers.decision import Checked
from issuers.entry import PinVerdict
from issuers.hsm_client import HsmAway
from issuers.session_keys import SessionKeys
from issuers.settings import CvvTable, PinCheckTable, PinKeyTable
from issuers.transaction import Transaction
from specs.elements import DE

log = structlog.get_logger("checks")

Ask = Callable[[bytes], Awaitable[bytes]]

OK: Final = "00"
VERIFICATION_FAILED: Final = "01"
PIN_LENGTH: Final = "24"
BLOCK_UNACCEPTABLE: Final = ("20", "23", PIN_LENGTH)


class CardChecks:
    """PIN and CVV of one bank's cards, under the bank's keys."""

    def __init__(
        self, ask: Ask, keys: SessionKeys, pin_check: PinCheckTable | None,
        cvv: CvvTable | None,
    ) -> None:
        self._ask = ask
        self._keys = keys
        self._pin_check = pin_check
        self._cvv = cvv

    async def checked(self, transaction: Transaction, card: Card) -> Checked:
        """What the HSM finds of a request; it is asked for nothing that is not there."""
        pin = await self._pin_verdict(transaction, card)
        cvv_is_wrong = pin in (PinVerdict.ABSENT, PinVerdict.VERIFIED) and (
            await self._cvv_is_wrong(transaction, card))
        return Checked(pin, cvv_is_wrong)

    async def _pin_verdict(self, transaction: Transaction, card: Card) -> PinVerdict:
        block = transaction.message.get(DE.PIN_BLOCK).upper()
        if not block:
            return PinVerdict.ABSENT
        keys, check = self._keys.to_try(), self._pin_check
        if not keys or check is None:
            return PinVerdict.UNCHECKED
        if not (card.pvv if check.method == "pvv" else card.offset):
            return PinVerdict.WRONG
        code = await self._pin_code(keys, check, block, card)
        if code in (OK, VERIFICATION_FAILED):
            return PinVerdict.VERIFIED if code == OK else PinVerdict.WRONG
        if code == PIN_LENGTH and check.method == "offset":
            return PinVerdict.WRONG  # longer than the card's, whatever its first digits are
        return PinVerdict.UNACCEPTABLE if code in BLOCK_UNACCEPTABLE else PinVerdict.UNCHECKED

    async def _pin_code(
        self, keys: Sequence[PinKeyTable], check: PinCheckTable, block: str, card: Card
    ) -> str:
        """Under the first key that it is a block under, or what the first one says."""
        codes = []
        for key in keys:
            code = await self._code(_pin_command(key, check, block, card))
            if code in (OK, VERIFICATION_FAILED):
                self._keys.used(key)
            if code not in BLOCK_UNACCEPTABLE:
                return code
            codes.append(code)
        return codes[0]

    async def _cvv_is_wrong(self, transaction: Transaction, card: Card) -> bool:
        """Whether track 2 has a CVV that is not the card's. With the HSM away nobody can say so."""
        track_2 = transaction.track_2
        if self._cvv is None or track_2 is None:
            return False
        position = self._cvv.position
        cvv = track_2.discretionary[position:position + 3]
        if len(cvv) < 3:
            return False
        if track_2.pan != card.pan:
            return True
        command = (f"CY{self._cvv.cvk_under_lmk}{cvv}{card.pan};"
                   f"{track_2.expiry}{track_2.service_code}")
        return await self._code(command) not in (OK, "")

    async def _code(self, command: str) -> str:
        """The error code of the answer; empty when there is no answer."""
        try:
            answer = await self._ask(command.encode("ascii"))
        except HsmAway:
            return ""
        code = answer[2:4].decode("ascii", "replace")
        if code not in (OK, VERIFICATION_FAILED, *BLOCK_UNACCEPTABLE):
            log.warning("hsm_refused", command=command[:2], code=code)
        return code


def account_digits(pan: str) -> str:
    """The twelve digits of a PAN that PIN blocks and PVVs take: the rightmost, no check digit."""
    return pan[-13:-1].zfill(12)


def validation_data(pan: str) -> str:
    """For offsets: the first eleven digits of the PAN, then (N) the last five of its twelve."""
    return pan[:11] + "N"


def _pin_command(key: PinKeyTable, check: PinCheckTable, block: str, card: Card) -> str:
    """The command that verifies this card's PIN by its PVV or offset."""
    account = account_digits(card.pan)
    if check.method == "pvv":
        return (f"EC{key.under_lmk}{check.pvk_under_lmk}{block}{key.block_format}{account}"
                f"{card.pvki}{card.pvv}")
    # The offset is as long as the PIN: check length and maximum, so that nothing of it is left out.
    length = f"{len(card.offset):02d}"
    return (f"EA{key.under_lmk}{check.pvk_under_lmk}{length}{block}{key.block_format}"
            f"{length}{account}{check.decimalisation_table}"
            f"{validation_data(card.pan)}{card.offset:F<12}")
