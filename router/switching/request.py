"""One message of an acquirer on its way to an answer, and what a repeat of it is recognised by."""

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from router.switching import message_types
from router.switching.card_number import card_of
from router.switching.elements import Elements
from router.switching.peers import AcquirerLink
from router.switching.processing_codes import effect_of
from router.wire.message import Message
from router.wire.pan import Pan
from specs.elements import DE
from specs.journal_format import SEPARATOR as SEP
from specs.journal_format import About

if TYPE_CHECKING:
    from router.switching.answering import Waits
    from router.switching.transaction import Transaction

ABOUT: Final = About  # compiled, a name that is not Final is looked up at each use
ORIGINAL_MTIS: Final = ("0100", "0200", "0120", "0220")


@mypyc_attr(acyclic=True)
class Request(Elements):
    """A message as it arrived, its elements as canonical 1987 texts, and its deadline."""

    __slots__ = (
        "about",
        "acquirer",
        "amount",
        "arrived",
        "deadline",
        "effect",
        "is_done",
        "link",
        "message",
        "mti",
        "pan",
        "queue",
        "waits",
    )

    def __init__(
        self,
        link: AcquirerLink,
        message: Message,
        mti: str,
        values: dict[int, str] | None,
        arrived: float,
    ) -> None:
        """`values`: canonical ones, where those of the message are not."""
        super().__init__(message, values)
        self.link = link
        self.acquirer = link.acquirer  # as agreed when it arrived, whatever is reloaded meanwhile
        self.message = message
        self.mti = mti
        self.pan = card_of(self)
        self.arrived = arrived
        self.deadline = arrived + self.acquirer.answer_within_s
        self.is_done = False
        self.queue: dict[Request, Transaction] | None = None  # in which it waits for its answer,
        self.waits: Waits | None = None  # and in what it counts
        code = self.text(DE.PROCESSING_CODE)
        self.effect = effect_of(code)  # None: out of scope
        self.amount = self.text(DE.AMOUNT)
        self.about = about(self.acquirer.name, mti, self, self.pan, code, self.amount)

    @property
    def may_hold(self) -> bool:
        """May it hold or move money at the issuer? Of a request, or an advice."""
        return self.effect is None or self.effect.may_hold

    @property
    def has_pin(self) -> bool:
        return self.has(DE.PIN_BLOCK)

    @property
    def is_e_commerce(self) -> bool:
        """DE 22 says so (81x), or DE 25 does (59)."""
        entry_mode = self.text(DE.ENTRY_MODE)
        return entry_mode.startswith("81") or self.text(DE.CONDITION_CODE) == "59"

    @property
    def named_originals(self) -> "list[Original]":
        """Of a reversal: the request its DE 90 names, as the acquirer knows it.

        Without one, a request under the reversal's own numbers; the kinds it may be of, in turn.
        Nothing where DE 90 cannot be read.
        """
        digits = self.text(DE.ORIGINAL_DATA)
        if not digits.strip("0"):
            own = self.text(DE.STAN) + self.text(DE.TRANSMISSION_TIME)
            return [Original(self, mti + own) for mti in ORIGINAL_MTIS]
        if len(digits) < 20 or not digits.isdigit():
            return []
        # Some name themselves there although their requests have no DE 32.
        return [Original(self, digits), Original(self, digits[:20])]

    @property
    def amount_that_stays(self) -> str | None:
        """Of a partial reversal: DE 95's actual amount, 12 digits; None where all is reversed."""
        replacement = self.text(DE.REPLACEMENT_AMOUNTS)[:12]
        return replacement if replacement.isdigit() and int(replacement) else None


@mypyc_attr(acyclic=True)
class Original:
    """The request that a reversal names: the keys it would be known by."""

    __slots__ = ("about",)

    def __init__(self, reversal: Request, original_data: str) -> None:
        values = dict(reversal.values)
        values[DE.STAN] = original_data[4:10]
        values[DE.TRANSMISSION_TIME] = original_data[10:20]
        acquirer_id = original_data[20:31].lstrip("0")
        if acquirer_id:
            values[DE.ACQUIRER_ID] = acquirer_id
        elements = Elements(None, values)
        code, amount = elements.text(DE.PROCESSING_CODE), elements.text(DE.AMOUNT)
        named, mti = reversal.acquirer.name, original_data[:4]
        self.about = about(named, mti, elements, reversal.pan, code, amount)


def about(
    acquirer: str, mti: str, elements: Elements, pan: Pan | None, code: str, amount: str
) -> About:
    """The keys of docs/rules.md, *Repeats and duplicates*, as `specs.journal_format` has them.

    DE 12 and 13 tell two requests apart only where there is no RRN: many senders stamp them anew.
    """
    key, numbers = numbers_of(acquirer, mti, elements)
    currency = elements.text(DE.CURRENCY)
    card = pan.reveal() if pan is not None else ""
    return ABOUT(
        key,
        f"{numbers}{SEP}{card}{SEP}{code}{SEP}{currency}",
        f"{code}{SEP}{amount}{SEP}{currency}{SEP}{card}",
        mti,
    )


def numbers_of(acquirer: str, mti: str, elements: Elements) -> tuple[str, str]:
    """`About.key` and `About.numbers`, and no more than these."""
    kind = mti[1:3]
    sender = elements.text(DE.ACQUIRER_ID).lstrip("0")
    stan, rrn = elements.text(DE.STAN), elements.text(DE.RRN)
    terminal, time = elements.text(DE.TERMINAL_ID), elements.text(DE.TRANSMISSION_TIME)
    local_time, local_date = "", ""
    if not rrn:
        local_time, local_date = elements.text(DE.LOCAL_TIME), elements.text(DE.LOCAL_DATE)
    return (
        f"{acquirer}{SEP}{kind}{SEP}{stan}{SEP}{time}{SEP}{sender}{SEP}{terminal}",
        f"{acquirer}{SEP}{kind}{SEP}{stan}{SEP}{sender}{SEP}{terminal}{SEP}{rrn}{SEP}{local_time}"
        f"{SEP}{local_date}",
    )


def is_same_without_time(arrived: About, known: About) -> bool:
    """Found without DE 7: the same only where one of the two is flagged repeat.

    A repeat may carry a new DE 7, and may overtake its original on another link.
    """
    return message_types.is_repeat(arrived.mti) or message_types.is_repeat(known.mti)
