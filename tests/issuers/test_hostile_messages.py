"""Bytes from outside never do more than be refused, and what they held is in no exception."""
import iso8583
import pytest
from hypothesis import given, strategies

from issuers.messages import Codec, MalformedMessage, Message
from issuers.transaction import key_of, transaction_of
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec
from tests.issuers.acquirer import purchase

PAN = "9504000000000010"
CODECS = {name: Codec(load_dialect(name)) for name in
          ("iso87-ascii", "national", "visa-like", "iso93-ascii", "iso93-binary")}


def written(name: str) -> bytes:
    """A purchase in that dialect, valid in layout."""
    message = purchase(de22=None)
    dialect = load_dialect(name)
    if dialect.header_bytes:
        message["h"] = dialect.default_header.hex().upper()
    message["t"] = "0100" if dialect.version == 1987 else "1100"
    return bytes(iso8583.encode(message, pyiso8583_spec(dialect))[0])


@given(name=strategies.sampled_from(sorted(CODECS)), at=strategies.integers(0, 400),
       patch=strategies.binary(max_size=12), cut=strategies.integers(0, 400))
def test_a_damaged_message_is_read_or_refused(name: str, at: int, patch: bytes, cut: int) -> None:
    """Whatever is overwritten and wherever it is cut off."""
    damaged = bytearray(written(name))
    damaged[at:at + len(patch)] = patch
    try:
        message: Message | None = CODECS[name].read(bytes(damaged[:cut or None]))
    except MalformedMessage as error:
        message = error.salvaged
    if message is not None and len(message.mti) == 4:
        transaction_of(message, {}, key_of(message, with_forwarder=True), "2026-11-24T01:02:03Z")


@pytest.mark.parametrize("name", sorted(CODECS))
def test_what_is_refused_says_where_and_not_what(name: str) -> None:
    """Cut off in its last element: element and byte are named, the PAN stands nowhere."""
    with pytest.raises(MalformedMessage) as refused:
        CODECS[name].read(written(name)[:-1])
    error = refused.value
    assert error.element == "49"
    assert PAN not in repr(error) + str(error) + repr(error.salvaged)
    assert error.__cause__ is None
    assert error.__suppress_context__
