"""What is sent to an issuer: the request under our own numbers, and what undoes or advises it.

All values are canonical 1987 texts; `translation` writes them in the issuer's dialect.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from router.switching import message_types
from router.switching.request import Request
from router.wire.given import Given, element_set
from router.wire.packer import Packer
from specs.elements import DE
from specs.journal_format import Kept, kept_message
from specs.packed import write_run

NEVER_FORWARDED: Final = frozenset((1, DE.MAC_64, DE.MAC_128))
# DE 35, 45, 52 and CVV2 are never kept; DE 55 neither, whose 57 and 5A hold the card's number.
KEPT: Final[tuple[int, ...]] = (
    DE.PAN,
    DE.PROCESSING_CODE,
    DE.AMOUNT,
    DE.TRANSMISSION_TIME,
    DE.STAN,
    DE.LOCAL_TIME,
    DE.LOCAL_DATE,
    DE.EXPIRY,
    DE.MERCHANT_TYPE,
    DE.ACQUIRER_COUNTRY,
    DE.ENTRY_MODE,
    DE.PAN_SEQUENCE,
    DE.CONDITION_CODE,
    DE.ACQUIRER_ID,
    DE.FORWARDER_ID,
    DE.RRN,
    DE.AUTHORIZATION_CODE,
    DE.TERMINAL_ID,
    DE.MERCHANT_ID,
    DE.CARD_ACCEPTOR,
    DE.CURRENCY,
)

# What its issuer gets otherwise than it came is one of eight sets, each counted by what is in it.
WITH_PIN: Final = 1
WITH_ACQUIRER_ID: Final = 2
WITH_RRN: Final = 4
GIVEN_TO_ISSUER: Final[list[tuple[int, ...]]] = [
    element_set(
        [
            DE.TRANSMISSION_TIME,
            DE.STAN,
            DE.FORWARDER_ID,
            *([DE.PIN_BLOCK] if which & WITH_PIN else []),
            *([DE.ACQUIRER_ID] if which & WITH_ACQUIRER_ID else []),
            *([DE.RRN] if which & WITH_RRN else []),
        ]
    )
    for which in range(8)
]

# Kept too, as they are given.
ELSEWHERE: Final[tuple[int, ...]] = (DE.STAN, DE.TRANSMISSION_TIME, DE.FORWARDER_ID)
PACKER: Final = Packer(
    [n for n in (*KEPT, DE.ORIGINAL_DATA, DE.REPLACEMENT_AMOUNTS) if n not in ELSEWHERE]
)
WRITER: Final = BytesWriter()  # one for all: nothing stays in it between two calls


@mypyc_attr(acyclic=True)
class Sent:
    """A `Kept` of a request that was sent, which few records ask for as such."""

    __slots__ = ("mti", "others", "stan", "transmission_time")

    def __init__(self, mti: str, stan: str, transmission_time: str, others: bytes) -> None:
        self.mti = mti
        self.stan = stan
        self.transmission_time = transmission_time
        self.others = others

    @property
    def kept(self) -> Kept:
        return Kept(self.mti, self.stan, self.transmission_time, self.others)

    @property
    def values(self) -> dict[int, str]:
        """All of it, number -> text; made anew each time."""
        return self.kept.values


@mypyc_attr(acyclic=True, free_list_len=1)
class Numbers:
    """What the router puts on a message of its own towards an issuer."""

    __slots__ = ("institution_id", "packed_sender", "stan", "transmission_time")

    def __init__(
        self, stan: str, transmission_time: str, institution_id: str, packed_sender: bytes
    ) -> None:
        self.stan = stan
        self.transmission_time = transmission_time
        self.institution_id = institution_id
        self.packed_sender = packed_sender  # the same, as `specs.packed` has it

    def stamped(self, values: dict[int, str]) -> dict[int, str]:
        """DE 11, 7 and 33 are ours."""
        stamped = dict(values)
        stamped[DE.STAN] = self.stan
        stamped[DE.TRANSMISSION_TIME] = self.transmission_time
        stamped[DE.FORWARDER_ID] = self.institution_id
        return stamped


@mypyc_attr(acyclic=True, free_list_len=1)
class GivenToIssuer(Given):
    """What its issuer gets otherwise than it came."""

    __slots__ = ("acquirer_id", "numbers", "pin_block", "rrn")

    def __init__(
        self, numbers: Numbers, pin_block: str | None, acquirer_id: str | None, rrn: str | None
    ) -> None:
        self.numbers = numbers
        self.pin_block = pin_block or ""
        self.acquirer_id = acquirer_id  # None: the request names its own
        self.rrn = rrn  # None: the request has one, or none is due
        which: i64 = 0
        if pin_block is not None:
            which += WITH_PIN
        if acquirer_id is not None:
            which += WITH_ACQUIRER_ID
        if rrn is not None:
            which += WITH_RRN
        self.elements = GIVEN_TO_ISSUER[which]

    def text(self, number: int) -> str:
        if number == DE.TRANSMISSION_TIME:
            return self.numbers.transmission_time
        if number == DE.STAN:
            return self.numbers.stan
        if number == DE.FORWARDER_ID:
            return self.numbers.institution_id
        if number == DE.PIN_BLOCK:
            return self.pin_block
        return (self.acquirer_id if number == DE.ACQUIRER_ID else self.rrn) or ""


def given_values(
    request: Request, numbers: Numbers, pin_block: str | None, rrn_is_due: bool
) -> GivenToIssuer:
    """What its issuer gets otherwise than it came: all else passes as it is.

    DE 32 is its link's where the request names none; an RRN is made only where one is due.
    """
    names_acquirer = request.has(DE.ACQUIRER_ID)
    return GivenToIssuer(
        numbers,
        pin_block,
        None if names_acquirer else request.acquirer.institution_id,
        own_rrn(numbers) if rrn_is_due else None,
    )


def own_rrn(numbers: Numbers) -> str:
    """Where its sender gave none and the issuer's dialect demands one."""
    return numbers.transmission_time[:6] + numbers.stan


def with_sender(request: Request) -> dict[int, str]:
    """The request's values; DE 32 is its link's where it names none."""
    return {DE.ACQUIRER_ID: request.acquirer.institution_id, **request.values}


def kept_forwarded(mti: str, request: Request, given: GivenToIssuer) -> Sent:
    """As much of what is forwarded as its reversal needs."""
    message, numbers = request.as_it_came, given.numbers
    if message is None:
        values = {**request.values, **given.values}
        return kept_sent(kept_message(mti, kept_values(values, request)))
    writer = WRITER
    writer.truncate(0)
    PACKER.pack(message, writer)
    if not message.has(DE.PAN) and request.pan is not None:
        write_run(writer, DE.PAN, request.pan.reveal().encode("latin-1"))
    if given.acquirer_id is not None:
        write_run(writer, DE.ACQUIRER_ID, given.acquirer_id.encode("latin-1"))
    if given.rrn is not None:
        write_run(writer, DE.RRN, given.rrn.encode("latin-1"))
    writer.write(numbers.packed_sender)
    return Sent(mti, numbers.stan, numbers.transmission_time, writer.getvalue())


def kept_sent(kept: Kept) -> Sent:
    """The same, of what is kept already."""
    return Sent(kept.mti, kept.stan, kept.transmission_time, kept.others)


def kept_values(values: dict[int, str], request: Request) -> dict[int, str]:
    """As much of a message as its reversal or advice needs."""
    chosen: dict[int, str] = {number: values[number] for number in KEPT if number in values}
    if request.pan is not None:
        chosen[DE.PAN] = request.pan.reveal()
    if DE.ORIGINAL_DATA in values:
        chosen[DE.ORIGINAL_DATA] = values[DE.ORIGINAL_DATA]
    if DE.REPLACEMENT_AMOUNTS in values:
        chosen[DE.REPLACEMENT_AMOUNTS] = values[DE.REPLACEMENT_AMOUNTS]
    return chosen


def reversal_values(
    sent: Kept, approved_amount: str | None, amount_that_stays: str | None
) -> dict[int, str]:
    """The reversal of what was sent, without own numbers: DE 90 names it as the issuer knows it."""
    values = dict(sent.values)
    values[DE.ORIGINAL_DATA] = original_data(sent)
    if approved_amount is not None:
        values[DE.AMOUNT] = approved_amount
    if amount_that_stays is not None:
        # n12 actual amount, transaction; the other three amounts of DE 95 are not used.
        values[DE.REPLACEMENT_AMOUNTS] = amount_that_stays + "0" * 30
    return values


def original_data(sent: Kept) -> str:
    """DE 90: MTI, STAN, DE 7, DE 32, DE 33, right-justified and zero-filled, 42 digits."""
    values = sent.values
    return "".join(
        (
            message_types.first_sent(sent.mti),
            sent.stan.rjust(6, "0"),
            sent.transmission_time.rjust(10, "0"),
            values.get(DE.ACQUIRER_ID, "").rjust(11, "0"),
            values.get(DE.FORWARDER_ID, "").rjust(11, "0"),
        )
    )
