"""Messages as the simulated peers see them: an MTI and elements as texts of 1987."""

from dataclasses import dataclass

from router.wire.message import Message
from router.wire.transcode import fitted
from specs.elements import DE
from specs.versions import translate
from tests.builders import codec

ECHOED = (
    DE.PAN, DE.PROCESSING_CODE, DE.AMOUNT, DE.TRANSMISSION_TIME, DE.STAN, DE.ACQUIRER_ID,
    DE.FORWARDER_ID, DE.RRN, DE.TERMINAL_ID, DE.CURRENCY, DE.NETWORK_CODE,
)  # fmt: skip
TAKES_TEXTS = ("iso87-ascii", "national")  # as they are
APPROVALS = ("00", "10")
INQUIRY = "310000"
SIGN_ON, SIGN_OFF, ECHO = "001", "002", "301"
NAME_DIGITS = 31  # of DE 90: MTI, STAN, DE 7, DE 32; versions differ in what follows


@dataclass(frozen=True)
class Plain:
    """One message; `purchase` is its RRN, which the whole story of a purchase shares."""

    mti: str
    values: dict[int, str]

    @property
    def purchase(self) -> str:
        return self.values.get(DE.RRN, "")

    @property
    def code(self) -> str:
        return self.values.get(DE.RESPONSE_CODE, "")

    @property
    def amount(self) -> int:
        return int(self.values.get(DE.AMOUNT, "0"))

    @property
    def is_network(self) -> bool:
        return self.mti[1] == "8"

    @property
    def is_request(self) -> bool:
        return self.mti[2] in "02"

    @property
    def is_repeat(self) -> bool:
        return self.mti[3] == "1"

    @property
    def is_reversal(self) -> bool:
        return self.mti[1] == "4"

    @property
    def is_advice(self) -> bool:
        return self.mti[2] == "2"

    @property
    def is_inquiry(self) -> bool:
        return self.values.get(DE.PROCESSING_CODE) == INQUIRY

    @property
    def stays(self) -> int:
        """Of a reversal: the amount that DE 95 leaves."""
        return int(self.values.get(DE.REPLACEMENT_AMOUNTS, "0" * 12)[:12])

    @property
    def name(self) -> str:
        """How a DE 90 names this message."""
        values = self.values
        sender = values.get(DE.ACQUIRER_ID, "").rjust(11, "0")
        return self.mti[:3] + "0" + values[DE.STAN] + values[DE.TRANSMISSION_TIME] + sender

    @property
    def original(self) -> str:
        """The name of what a reversal reverses."""
        return self.values[DE.ORIGINAL_DATA][:NAME_DIGITS]

    def but(self, mti: str, changes: dict[int, str | None]) -> "Plain":
        values = {n: text for n, text in {**self.values, **changes}.items() if text is not None}
        return Plain(mti, values)

    def repeated(self) -> "Plain":
        return self.but(self.mti[:3] + "1", {})

    def answered(self, code: str, changes: dict[int, str | None]) -> "Plain":
        values = {n: self.values[n] for n in ECHOED if n in self.values}
        mti = self.mti[:2] + str(int(self.mti[2]) + 1) + "0"
        return Plain(mti, values).but(mti, {DE.RESPONSE_CODE: code, **changes})

    def data(self, dialect: str) -> bytes:
        target, mti, values = codec(dialect), self.mti, self.values
        if target.dialect.version != 1987:
            mti, values = translate(values, mti, 1987, target.dialect.version)
        if dialect not in TAKES_TEXTS:
            values = fitted(values, target)
        return target.written(mti, values).data

    def __str__(self) -> str:
        get = self.values.get
        shown = f"{self.mti} {self.purchase[-6:]} stan={get(DE.STAN)} de7={get(7, '')[-6:]}"
        shown += f" amount={self.amount}"
        if self.code:
            shown += f" code={self.code}"
        if DE.NETWORK_CODE in self.values:
            shown += f" de70={get(DE.NETWORK_CODE)}"
        if DE.ORIGINAL_DATA in self.values:
            shown += f" de90={self.values[DE.ORIGINAL_DATA][:20]}"
        if DE.REPLACEMENT_AMOUNTS in self.values:
            shown += f" de95={self.stays}"
        return shown


def network(code: str, stan: str, transmission_time: str) -> Plain:
    """A sign-on, sign-off or echo."""
    values = {DE.TRANSMISSION_TIME: transmission_time, DE.STAN: stan}
    return Plain("0800", {**values, DE.NETWORK_CODE: code})


def read(data: bytes, dialect: str) -> Plain:
    return plain(codec(dialect).scan(data))


def plain(message: Message) -> Plain:
    """What a message of the router, or for it, says."""
    version = message.codec.dialect.version
    if version == 1987:
        return Plain(message.mti, message.values())
    return Plain(*translate(message.values(), message.mti, version, 1987))
