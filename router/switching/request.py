"""One message of an acquirer on its way to an answer, and what a repeat of it is recognised by."""

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from router.switching.message_types import MessageType
from router.switching.peers import Acquirer, AcquirerLink
from router.switching.processing_codes import effect_at
from router.switching.recognition import Recognised
from router.wire.message import Message
from specs.elements import DE

if TYPE_CHECKING:
    from router.switching.answering import Queue, Waits
    from router.switching.transaction import Transaction

ORIGINAL_MTIS: Final = ("0100", "0200", "0120", "0220")


@mypyc_attr(acyclic=True)
class Request(Recognised):
    """A message as it arrived, its elements as canonical 1987 texts, and its deadline."""

    __slots__ = (
        "acquirer",
        "arrived",
        "before",
        "behind",
        "deadline",
        "effect",
        "is_done",
        "kind",
        "link",
        "message",
        "queue",
        "waits",
        "waits_for",
    )

    def __init__(
        self,
        link: AcquirerLink,
        acquirer: Acquirer,
        waits: "Waits",
        message: Message,
        kind: MessageType,
        values: dict[int, str] | None,
        arrived: float,
    ) -> None:
        """`values`: canonical ones, where those of the message are not."""
        super().__init__(message, values)
        self.link = link
        self.waits = waits  # of its acquirer: in what it counts
        self.acquirer = acquirer  # as agreed when it arrived, whatever is reloaded meanwhile
        self.message = message
        self.kind = kind
        self.arrived = arrived
        self.deadline = arrived + acquirer.answer_within_s
        self.is_done = False
        self.queue: Queue | None = None  # in which it waits for its answer,
        self.before: Request | None = None  # between these
        self.behind: Request | None = None
        self.waits_for: Transaction | None = None
        self.recognise(waits.name, kind.mti)
        self.effect = effect_at(self.recognised_by, self.code_at)  # None: out of scope

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
class Original(Recognised):
    """The request that a reversal names: the keys it would be known by."""

    __slots__ = ()

    def __init__(self, reversal: Request, original_data: str) -> None:
        values = dict(reversal.values)
        values[DE.STAN] = original_data[4:10]
        values[DE.TRANSMISSION_TIME] = original_data[10:20]
        acquirer_id = original_data[20:31].lstrip("0")
        if acquirer_id:
            values[DE.ACQUIRER_ID] = acquirer_id
        super().__init__(None, values)
        self.recognise(reversal.waits.name, original_data[:4])


def is_same_without_time(request: Request, known: "Transaction") -> bool:
    """Found without DE 7: the same only where one of the two is flagged repeat.

    A repeat may carry a new DE 7, and may overtake its original on another link.
    """
    return request.kind.is_repeat or known.kind.is_repeat
