"""What a request is recognised by (docs/rules.md, *Repeats and duplicates*): its About.

Its parts are written one behind the other straight from the message, whatever its dialect: two
messages of the same content have the same About. The hashes of its two keys are made along with it.
"""

from typing import TYPE_CHECKING, Final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from router.switching.card_number import write_card
from router.switching.elements import Elements
from router.wire.octets import hashed, write_printable
from router.wire.pan import Pan
from specs.elements import DE
from specs.journal_format import SEPARATOR, About

if TYPE_CHECKING:
    from mypy_extensions import i64

ABOUT: Final = About  # compiled, a name that is not Final is looked up at each use
BETWEEN: Final = 0x1F  # the byte of SEPARATOR
ZERO: Final = 0x30
SEED: Final = hash(SEPARATOR) & 0x0FFFFFFFFFFFFFFF  # another in each process
KEY_PARTS: Final = 6  # from the first one on
LOOSE_PARTS: Final = 12  # of these, all but the first one
ACCOUNT_AND_CHECK_DIGIT: Final = 13  # digits
WRITER: Final = BytesWriter()  # one for all: nothing stays in it between two calls


@mypyc_attr(acyclic=True)
class Recognised(Elements):
    """Elements with the text of their About: its keys' hashes, and where its other parts begin."""

    __slots__ = (
        "amount_at", "card_at", "card_end", "code_at", "key_hash", "loose_hash", "mti",
        "recognised_by",
    )  # fmt: skip

    def recognise(self, acquirer: bytes, mti: str) -> None:
        """Once, before anything is asked of it. The acquirer's name is in Latin-1."""
        there = WRITER
        there.truncate(0)
        loose, key_end = write_numbers(there, acquirer, mti, self)
        there.append(BETWEEN)
        self.card_at: i64 = len(there)
        write_card(self, there)
        self.card_end: i64 = len(there)
        there.append(BETWEEN)
        self.code_at: i64 = self.card_end + 1
        self.write(DE.PROCESSING_CODE, there)
        there.append(BETWEEN)
        self.write(DE.CURRENCY, there)
        loose_end: i64 = len(there)
        there.append(BETWEEN)
        self.amount_at: i64 = len(there)
        self.write(DE.AMOUNT, there)
        text = there.getvalue()
        self.recognised_by = text
        self.mti = mti
        self.key_hash = hashed(SEED, text, 0, key_end)
        self.loose_hash = hashed(SEED, text, loose, loose_end)

    @property
    def about(self) -> About:
        """As records have it; made anew each time."""
        return ABOUT(self.recognised_by, self.mti)

    @property
    def names_card(self) -> bool:
        """One, and no other."""
        return self.card_end > self.card_at

    @property
    def pan(self) -> Pan | None:
        """Made when it is asked for: mostly the digits are enough where they stand."""
        if not self.names_card:
            return None
        return Pan(self.recognised_by[self.card_at : self.card_end].decode("latin-1"))

    def write_account_12(self, there: BytesWriter) -> None:
        """Of its card, as `Pan` has it: no text is made of it."""
        start, stop = self.card_end - ACCOUNT_AND_CHECK_DIGIT, self.card_end - 1
        while start < self.card_at:
            there.append(ZERO)
            start += 1
        write_printable(there, self.recognised_by, start, stop)


def numbers_of(acquirer: bytes, mti: str, elements: Elements) -> "tuple[i64, bytes]":
    """The hash of its key, and `About.numbers`: no more than these."""
    there = WRITER
    there.truncate(0)
    loose, key_end = write_numbers(there, acquirer, mti, elements)
    text = there.getvalue()
    return hashed(SEED, text, 0, key_end), text[loose:]


def write_numbers(
    there: BytesWriter, acquirer: bytes, mti: str, elements: Elements
) -> "tuple[i64, i64]":
    """From DE 7 to DE 13. Says where the loose key begins, and where the key ends.

    DE 12 and 13 tell two requests apart only where there is no RRN: many senders stamp them anew.
    """
    elements.write(DE.TRANSMISSION_TIME, there)
    there.append(BETWEEN)
    loose: i64 = len(there)
    there.write(acquirer)
    there.append(BETWEEN)
    there.append(ord(mti[1]))
    there.append(ord(mti[2]))
    there.append(BETWEEN)
    elements.write(DE.STAN, there)
    there.append(BETWEEN)
    sender: i64 = len(there)
    elements.write(DE.ACQUIRER_ID, there)
    without_zeros(there, sender)
    there.append(BETWEEN)
    elements.write(DE.TERMINAL_ID, there)
    key_end: i64 = len(there)
    there.append(BETWEEN)
    rrn: i64 = len(there)
    elements.write(DE.RRN, there)
    has_rrn = len(there) > rrn
    there.append(BETWEEN)
    if has_rrn:
        there.append(BETWEEN)
        return loose, key_end
    elements.write(DE.LOCAL_TIME, there)
    there.append(BETWEEN)
    elements.write(DE.LOCAL_DATE, there)
    return loose, key_end


def without_zeros(there: BytesWriter, start: "i64") -> None:
    """What was written from `start` on, without the zeros before it."""
    stop: i64 = len(there)
    at = start
    while at < stop and there[at] == ZERO:
        at += 1
    if at == start:
        return
    to = start
    while at < stop:
        there[to] = there[at]
        to += 1
        at += 1
    there.truncate(to)


def hashes_of(about: About) -> "tuple[i64, i64]":
    """Those that `recognise` made, from a record."""
    text: bytes = about.text
    return (
        hashed(SEED, text, 0, end_of(text, KEY_PARTS)),
        hashed(SEED, text, end_of(text, 1) + 1, end_of(text, LOOSE_PARTS)),
    )


def end_of(text: bytes, part: int) -> "i64":
    """Where so many parts end."""
    left: i64 = part
    at: i64 = 0
    while at < len(text):
        if text[at] == BETWEEN:
            left -= 1
            if left == 0:
                break
        at += 1
    return at
