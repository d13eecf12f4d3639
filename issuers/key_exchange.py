"""161 and 162 as an issuer host says and hears them; the keys themselves are SessionKeys'."""
import datetime
from typing import Final, Literal

import structlog

from issuers.codes import ResponseCode
from issuers.messages import Codec, Message
from issuers.session_keys import KeyRefused, SessionKeys
from specs.elements import DE

log = structlog.get_logger("keys")

FIRST_DIGITS: Final = {1987: "0", 1993: "1", 2003: "2"}  # of an MTI
STAN_MAX: Final = 999_999


class KeyExchange:
    """In the host's dialect. Its own requests have STANs of their own, the last one is answered."""

    def __init__(self, codec: Codec, keys: SessionKeys) -> None:
        dialect = codec.dialect
        self._keys = keys
        self._element = dialect.network_element
        self._key_element = dialect.key_element
        self._codes = dialect.network_codes
        self._mti = FIRST_DIGITS[dialect.version] + "800"
        self._stan = 0
        self._asked = ""

    def concerns(self, message: Message) -> bool:
        """A request about keys, and keys are exchanged here."""
        codes = (self._codes.get("new_key"), self._codes.get("key_request"))
        return self._keys.are_exchanged and message.said(self._element) in codes

    def is_wanted(self, message: Message) -> bool:
        """161: the switch asks for one."""
        return not message.said(self._key_element)

    async def taken(self, message: Message) -> str:
        """The answer to 161 or 162."""
        if self.is_wanted(message):
            return ResponseCode.APPROVED
        try:
            kcv = await self._keys.take(message.said(self._key_element))
        except KeyRefused as refusal:
            log.error("key_refused", reason=str(refusal))
            return ResponseCode.SECURITY_VIOLATION
        log.info("key_taken", kcv=kcv)
        return ResponseCode.APPROVED

    async def begun(self, what: Literal["deliver", "ask"]) -> Message | str:
        """Our own 162 or 161, or why there is none."""
        if not self._keys.are_exchanged:
            return "no [key_exchange] is configured"
        key = ""
        if what == "deliver":
            try:
                key = (await self._keys.make()).text()
            except KeyRefused as refusal:
                return str(refusal)
        self._stan = self._stan % STAN_MAX + 1
        self._asked = f"{self._stan:06d}"
        now = datetime.datetime.now(datetime.UTC)
        said = {
            str(DE.TRANSMISSION_TIME): now.strftime("%m%d%H%M%S"),
            str(DE.STAN): self._asked,
            str(self._element): self._codes["new_key" if key else "key_request"],
        }
        if key:
            said[str(self._key_element)] = key
        return Message(self._mti, said)

    def is_answer(self, message: Message) -> bool:
        """To the last one of ours."""
        is_ours = (
            self._asked and message.wire_mti == self._mti[:2] + "10"
            and message.said(DE.STAN) == self._asked
        )
        if is_ours:
            self._asked = ""
            log.info("key_answered", code=message.said(DE.RESPONSE_CODE))
        return bool(is_ours)
