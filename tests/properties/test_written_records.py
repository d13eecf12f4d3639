"""A record written straight as bytes is the record, byte for byte what msgspec makes of it."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from router.switching import records, written
from router.switching.answering import Waits
from router.switching.commits import Commit, entries_of, group_of
from router.switching.message_types import type_of
from router.switching.outbound import Sent
from router.switching.request import Request
from router.switching.told import Told
from router.switching.transaction import Transaction, from_request
from specs.journal_format import group_bytes, group_entries
from specs.message_pack import array_of, write_bytes, write_number, write_text
from tests.builders import purchase
from tests.switching.desk import Desk, bank

LATIN = st.text(st.characters(max_codepoint=255))
NAMES = st.text(max_size=300)
MICROSECONDS = st.integers(0, 2**34)


@given(NAMES)
@example("x" * 31)
@example("x" * 32)
@example("é" * 31)
@example("x" * 30 + "é")
def test_texts(text: str) -> None:
    writer = BytesWriter()
    write_text(writer, text)
    assert writer.getvalue() == msgspec.msgpack.encode(text)


@given(st.integers(0, 70_000))
@example(255)
@example(256)
def test_bytes(size: int) -> None:
    writer = BytesWriter()
    write_bytes(writer, bytes(size))
    assert writer.getvalue() == msgspec.msgpack.encode(bytes(size))


@given(st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 70_000))
@example(127)
@example(128)
@example(255)
@example(256)
@example(65_535)
@example(65_536)
@example(2**32 - 1)
@example(2**32)
def test_numbers(number: int) -> None:
    writer = BytesWriter()
    write_number(writer, number)
    assert writer.getvalue() == msgspec.msgpack.encode(number)


@given(st.integers(0, 70_000))
@example(15)
@example(16)
@example(65_535)
@example(65_536)
def test_arrays(size: int) -> None:
    assert array_of([b"\xc0"] * size) == msgspec.msgpack.encode([None] * size)


TOLD = st.builds(
    Told,
    st.sampled_from(("00", "10", "51", "é")),
    st.booleans(),
    st.sampled_from(("issuer", "router", "stand_in")),
    st.sampled_from(("issuer", "journal", "stand_in")),
    LATIN,
    LATIN,
    LATIN,
    LATIN,
    st.sampled_from(("", "000000000001")),
)


@st.composite
def under_way(draw: st.DrawFn) -> Transaction:
    """A request that goes to its issuer, or came to its answer."""
    desk = Desk(bank(draw(NAMES)))
    link = desk.terminal(draw(LATIN))
    kind = type_of(draw(st.sampled_from(("0100", "0101", "0200"))))
    message = purchase(kind.mti, stan=draw(st.sampled_from(("000001", "000002"))))
    request = Request(link, link.acquirer, Waits(link.acquirer.name), message, kind, None, 1000.0)
    transaction = from_request(request, may_hold=True)
    transaction.issuer = desk.issuers[0]
    transaction.line = transaction.issuer.lines[0].name
    transaction.outbound = Sent(kind.first_sent, draw(NAMES), draw(NAMES), draw(st.binary()))
    transaction.follower_tells = draw(st.booleans())
    request.is_done = draw(st.booleans())
    transaction.hsm_us, transaction.issuer_us = draw(MICROSECONDS), draw(MICROSECONDS)
    transaction.step_began = 1000.0 + draw(st.floats(0.0, 10_000.0))
    if draw(st.booleans()):
        transaction.request = None  # as of a reversal that goes by itself
    return transaction


@given(under_way(), TOLD)
def test_what_is_written_is_the_record(transaction: Transaction, told: Told) -> None:
    assert transaction.issuer is not None
    left = records.forwarded(transaction)
    went = written.forwarded(transaction, transaction.issuer.lines[0])
    assert went.data == msgspec.msgpack.encode(left)
    assert went.records == [left]
    assert (went.about, went.issuer) == (left.about.text, left.issuer)

    over = records.answered(transaction, told, is_logged=True)
    on_record, transaction.on_record = transaction.on_record, None
    heard = written.answered(transaction, told)
    assert heard.data == msgspec.msgpack.encode(over)
    assert heard.records == [over]
    assert (heard.about, heard.issuer) == (over.about.text, "")
    assert transaction.on_record is on_record

    group = entries_of([went, Commit([left, over]), heard])
    assert group_of(group) == group_bytes([left, left, over, over])
    assert group_entries(group_of(group)) == [left, left, over, over]
