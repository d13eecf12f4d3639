"""A purchase reaches its issuer and its answer comes back."""

from specs.elements import DE
from specs.journal_format import Answered, Forwarded
from tests.builders import purchase
from tests.switching.desk import Desk


def test_an_approval_travels_to_the_terminal_that_asked() -> None:
    """The acquirer hears its own DE 7, 11, 37, 41 with the issuer's code and authorization."""
    desk = Desk()
    terminal = desk.terminal()
    request = purchase()
    desk.buy(terminal, request, "00")

    (heard,) = terminal.heard
    assert heard.mti == "0110"
    assert heard.text(DE.RESPONSE_CODE) == "00"
    assert heard.text(DE.AUTHORIZATION_CODE) == "A00001"
    for echoed in (DE.TRANSMISSION_TIME, DE.STAN, DE.RRN, DE.TERMINAL_ID, DE.ACQUIRER_ID):
        assert heard.text(echoed) == request.text(echoed)


def test_the_issuer_gets_our_numbers_and_the_acquirers_rrn() -> None:
    """DE 11, 7 and 33 are the router's own, DE 32 and 37 stay the acquirer's."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase(stan="777777", transmission_time="0101000000"))

    (sent,) = desk.wire().sent
    assert sent.text(DE.STAN) == "000001"
    assert sent.text(DE.TRANSMISSION_TIME) == desk.clock.transmission_time()
    assert sent.text(DE.FORWARDER_ID) == "950400"
    assert sent.text(DE.ACQUIRER_ID) == "1001"
    assert sent.text(DE.RRN) == "632810000001"


def test_the_links_institution_stands_in_for_an_absent_de_32() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase(acquirer_id=None))
    assert desk.wire().sent[0].text(DE.ACQUIRER_ID) == "1001"


def test_a_decline_of_the_issuer_is_passed_on() -> None:
    """51 is an answer: nothing is reversed."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "51")
    desk.pass_time(20.0)

    assert terminal.codes == ["51"]
    assert desk.wire().mtis == ["0100"]


def test_nothing_leaves_before_its_record_is_durable() -> None:
    """The request waits for *forwarded*, the approval for *answered*."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase())
    assert desk.wire().sent == []

    desk.disk.stalls = False
    desk.settle()
    assert isinstance(desk.disk.records[-1], Forwarded)
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.heard == []

    desk.disk.stalls = False
    desk.settle()
    assert isinstance(desk.disk.records[-1], Answered)
    assert terminal.codes == ["00"]


def test_a_financial_request_is_answered_by_its_own_kind() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase("0200"), "00")
    assert [heard.mti for heard in terminal.heard] == ["0210"]


def test_track_data_reaches_the_issuer_and_never_comes_back_nor_is_kept() -> None:
    """DE 35 names the card where DE 2 is absent; no record and no answer holds it."""
    desk = Desk()
    terminal = desk.terminal()
    track = "9504010000000001=28122010000000000"
    desk.buy(terminal, purchase(pan=None, track_2=track), "00")

    assert desk.wire().sent[0].text(DE.TRACK_2) == track
    assert not terminal.heard[0].has(DE.TRACK_2)
    assert track not in repr(desk.disk.records)
