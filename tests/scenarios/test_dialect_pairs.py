"""A purchase and its reversal between peers of any two dialects, through the real codec."""

import pytest

from router.wire.message import Message
from router.wire.transcode import fitted
from specs.elements import DE
from specs.versions import translate
from tests.builders import codec, purchase, reversal
from tests.switching.desk import Desk, bank

ISSUERS = [
    "national",
    "visa-like",
    "mastercard-like",
    "iso87-binary",
    "iso87-ebcdic",
    "iso93-ascii",
    "iso93-binary",
]
ACQUIRERS = ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"]
TRACK_2 = "9504010000000001=30121010000000000"


def in_dialect(message: Message, dialect: str) -> Message:
    """The same message as a peer of that dialect writes it."""
    target = codec(dialect)
    mti, values = translate(message.values(), message.mti, 1987, target.dialect.version)
    return target.written(mti, fitted(values, target))


@pytest.mark.parametrize("acquirer", ACQUIRERS)
@pytest.mark.parametrize("issuer", ISSUERS)
def test_a_purchase_and_its_reversal_cross_between_dialects(issuer: str, acquirer: str) -> None:
    """PIN and track 2 arrive, the answer carries the acquirer's own numbers, DE 90 is found."""
    desk = Desk(bank("atlas", dialect=issuer))
    terminal = desk.terminal(dialect=acquirer)
    asked = purchase(pin_block="1122334455667788", entry_mode="051", track_2=TRACK_2)

    desk.arrive(terminal, in_dialect(asked, acquirer))
    (sent,) = desk.wire().sent
    assert sent.text(DE.PIN_BLOCK) == "EE22334455667788"
    assert sent.text(DE.TRACK_2).replace("D", "=").rstrip("F") == TRACK_2
    answered = {n: sent.text(n) for n in sent.elements() if n not in (DE.PIN_BLOCK, DE.TRACK_2)}
    is_1987 = sent.codec.dialect.version == 1987
    answered[DE.RESPONSE_CODE] = "00" if is_1987 else "000"
    answered[DE.AUTHORIZATION_CODE] = "A00001"
    response = sent.codec.written(sent.mti[:2] + "10", answered)
    desk.conductor.respond(desk.issuers[0].lines[0], response)
    desk.settle()

    (heard,) = terminal.heard
    assert heard.text(DE.STAN) == asked.text(DE.STAN)
    assert heard.text(DE.AUTHORIZATION_CODE) == "A00001"
    assert not heard.has(DE.TRACK_2)
    assert not heard.has(DE.PIN_BLOCK)

    desk.arrive(terminal, in_dialect(reversal(of=purchase()), acquirer))
    undone = desk.wire().sent[-1]
    assert undone.mti[1:] == "420"
    named = undone.get(DE.ORIGINAL_DATA) or undone.get(56)
    assert sent.text(DE.STAN) in named
    assert desk.watcher.alarms == []
