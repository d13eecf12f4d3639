"""The two records of most requests, written at once as the bytes they are in the journal.

What `router.switching.records` makes of the same is the same record; it is taken here, too, where
something is out of the ordinary.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import u8

from router.switching import records
from router.switching.commits import Written
from router.switching.pending import Line
from router.switching.told import CODE_AND_NUMBER, Told
from router.switching.transaction import Transaction
from specs.elements import DE
from specs.journal_format import record_bytes
from specs.message_pack import (
    FALSE,
    NIL,
    ONE_PAIR,
    TRUE,
    text_bytes,
    write_bytes,
    write_number,
    write_text,
)

FORWARDED: Final = b"\x95\xa1F\x92"  # five values, the tag, and the first of two of its About
ANSWERED: Final = b"\x96\xa1A\x92"
FOUR_ENTRIES: Final = 0x94  # of a Kept
SEVEN_ENTRIES: Final = 0x97  # of an Exchange
ISSUER: Final = "issuer"
BY_ISSUER: Final = 2 * text_bytes(ISSUER)
WRITER: Final = BytesWriter()  # one for all: nothing stays in it between two calls


class Second:
    """What goes within one second has the same DE 7."""

    __slots__ = ("packed", "text")

    def __init__(self) -> None:
        self.turn("")

    def turn(self, text: str) -> None:
        self.text = text
        self.packed = text_bytes(text)


NOW: Final = Second()


def forwarded(transaction: Transaction, line: Line) -> Written:
    """What is about to leave, on its line."""
    request, sent, issuer = transaction.request, transaction.outbound, transaction.issuer
    if request is None or sent is None or issuer is None:  # a reversal has its target's issuer
        record = records.forwarded(transaction)
        return Written(record_bytes(record), record.about.text, record.issuer)
    there = WRITER
    there.truncate(0)
    there.write(FORWARDED)
    write_bytes(there, request.recognised_by)
    there.write(transaction.kind.packed)
    there.write(issuer.packed_name)
    there.write(line.packed_name)
    there.append(FOUR_ENTRIES)
    there.write(transaction.kind.packed_first_sent)
    write_text(there, sent.stan)
    if sent.transmission_time is not NOW.text:
        NOW.turn(sent.transmission_time)
    there.write(NOW.packed)
    write_bytes(there, sent.others)
    return Written(there.getvalue(), request.recognised_by, issuer.name)


def answered(transaction: Transaction, told: Told) -> Written:
    """What the acquirer hears, and what the log is to say of the exchange."""
    request, sent, issuer = transaction.request, transaction.outbound, transaction.issuer
    if request is None or sent is None or issuer is None:
        record = records.answered(transaction, told, is_logged=True)
        return Written(record_bytes(record), record.about.text, "")
    there = WRITER
    there.truncate(0)
    there.write(ANSWERED)
    write_bytes(there, request.recognised_by)
    there.write(transaction.kind.packed)
    write_text(there, told.code)
    there.append(TRUE if told.approves else FALSE)
    write_elements(there, told)
    if not transaction.follower_tells or request.is_done:
        there.append(NIL)
    else:
        transaction.on_record = told
        there.append(SEVEN_ENTRIES)
        there.write(issuer.packed_name)
        write_text(there, sent.stan)
        if told.decided_by == ISSUER and told.ended_in == ISSUER:
            there.write(BY_ISSUER)
        else:
            write_text(there, told.decided_by)
            write_text(there, told.ended_in)
        write_number(there, transaction.hsm_us)
        write_number(there, transaction.issuer_us)
        write_number(there, records.recorded_us(transaction, request))
    return Written(there.getvalue(), request.recognised_by, "")


def write_elements(there: BytesWriter, told: Told) -> None:
    """Those that the journal keeps of them: `Told.kept_elements`."""
    if told.elements is CODE_AND_NUMBER and not told.amount:
        there.append(ONE_PAIR)
        there.append(u8(DE.AUTHORIZATION_CODE))
        write_text(there, told.authorization_code)
    else:
        there.write(record_bytes(told.kept_elements))
