"""Messages as the simulated peers see them: an MTI and elements, shown in transcripts."""

from dataclasses import dataclass

from specs.elements import DE
from tests.builders import codec

ECHOED = (
    DE.PAN, DE.PROCESSING_CODE, DE.AMOUNT, DE.TRANSMISSION_TIME, DE.STAN, DE.ACQUIRER_ID,
    DE.FORWARDER_ID, DE.RRN, DE.TERMINAL_ID, DE.CURRENCY,
)  # fmt: skip
APPROVALS = ("00", "10")
INQUIRY = "310000"


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
        parts = (
            self.mti[:3] + "0",
            self.values[DE.STAN],
            self.values[DE.TRANSMISSION_TIME],
            self.values.get(DE.ACQUIRER_ID, "").rjust(11, "0"),
            self.values.get(DE.FORWARDER_ID, "").rjust(11, "0"),
        )
        return "".join(parts)

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
        return codec(dialect).written(self.mti, self.values).data

    def __str__(self) -> str:
        get = self.values.get
        shown = f"{self.mti} {self.purchase[-6:]} stan={get(DE.STAN)} de7={get(7, '')[-4:]}"
        shown += f" amount={self.amount}"
        if self.code:
            shown += f" code={self.code}"
        if DE.ORIGINAL_DATA in self.values:
            shown += f" de90={self.values[DE.ORIGINAL_DATA][:20]}"
        if DE.REPLACEMENT_AMOUNTS in self.values:
            shown += f" de95={self.stays}"
        return shown


def read(data: bytes, dialect: str) -> Plain:
    message = codec(dialect).scan(data)
    return Plain(message.mti, message.values())
