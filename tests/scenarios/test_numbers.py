"""Our own numbers towards an issuer: DE 11 and what DE 90 makes of it."""

import pytest

from specs.elements import DE
from tests.builders import card, purchase, reversal
from tests.switching.desk import Desk, bank


def test_all_lines_of_an_issuer_share_one_space() -> None:
    """H5: DE 90 names no line, so no two requests may have one name."""
    desk = Desk(bank("atlas", lines=3))
    for number in range(6):
        desk.arrive(desk.terminal(f"t{number}"), purchase())
    stans = [sent.text(DE.STAN) for line in range(3) for sent in desk.wire(line).sent]
    assert sorted(stans) == [f"{number:06d}" for number in range(1, 7)]


def test_a_restart_goes_on_behind_the_last_number() -> None:
    """H6: within one second DE 7 would not tell old and new apart."""
    desk = Desk()
    for number in range(3):
        desk.buy(desk.terminal(f"t{number}"), purchase(), "00")
    desk = desk.restarted()
    desk.arrive(desk.terminal("later"), purchase())
    assert desk.wire().sent[0].text(DE.STAN) == "000004"


def test_a_restart_after_new_year_goes_on_behind_januarys_number() -> None:
    """DE 7 has no year: 0101000001 came after 1231235959."""
    desk = Desk()
    desk.clock.date, desk.clock.seconds = "1231", 86_399.0
    for number in range(3):
        desk.buy(desk.terminal(f"t{number}"), purchase(), "00")
    desk.clock.date, desk.clock.seconds = "0101", 86_401.0
    desk.buy(desk.terminal("first of the year"), purchase(), "00")
    desk = desk.restarted()
    desk.arrive(desk.terminal("later"), purchase())
    assert desk.wire().sent[0].text(DE.STAN) == "000005"


def test_a_clock_that_is_set_back_gives_no_number_again() -> None:
    """By DE 7 the second number would seem the older one, and be given again in the same second."""
    desk = Desk()
    desk.buy(desk.terminal("before"), purchase(), "00")
    desk.clock.date = "1123"
    desk.buy(desk.terminal("after"), purchase(), "00")
    names = [desk.wire().sent[-1].text(DE.STAN)]
    desk = desk.restarted()
    desk.arrive(desk.terminal("later"), purchase())
    names.append(desk.wire().sent[0].text(DE.STAN))
    assert names == ["000002", "000003"]


@pytest.mark.parametrize("how", ["refused at first", "an online 0400"])
def test_an_entry_that_is_stored_late_gives_no_number_again(how: str) -> None:
    """Its number is older than the last one in the journal."""
    desk = Desk()
    first = purchase()
    desk.buy(desk.terminal("first"), first, "00")
    if how == "an online 0400":
        desk.arrive(desk.terminal("first"), reversal("0400", of=first))
    else:
        desk.disk.refuses = True
        desk.arrive(desk.terminal("first"), reversal("0420", of=first))
        desk.disk.refuses = False
    desk.buy(desk.terminal("second"), purchase(), "00")
    desk.pass_time(7.0)
    assert [entry.message.values[DE.STAN] for entry in desk.disk.entries] == ["000002"]
    desk = desk.restarted()
    desk.arrive(desk.terminal("third"), purchase())
    assert [one.text(DE.STAN) for one in desk.wire().sent if one.mti == "0100"] == ["000004"]


def test_a_0400_found_in_flight_keeps_its_number_from_the_other_reversals() -> None:
    """The numbers have gone round: the next one is that of a 0400 which becomes a stored 0421."""
    issuer, again = bank("atlas"), bank("atlas")
    issuer.stans.space = again.stans.space = 12
    desk = Desk(issuer)
    first = purchase()
    desk.buy(desk.terminal("first"), first, "00")
    desk.arrive(desk.terminal("first"), reversal("0400", of=first))
    for number in range(10):
        desk.arrive(desk.terminal(f"t{number}"), purchase())
        desk.answer(desk.wire().sent[-1], "51")
    desk.arrive(desk.terminal("last"), purchase())
    desk = desk.restarted(again)
    stans = [entry.message.values[DE.STAN] for entry in desk.disk.entries]
    assert sorted(stans) == ["000002", "000003"]


def test_the_number_of_an_entry_that_was_repeated_rests() -> None:
    """A second answer to it may come late, and must not acknowledge another entry."""
    issuer = bank("atlas")
    issuer.stans.space = 12
    desk = Desk(issuer)
    desk.arrive(desk.terminal(), purchase("0220"))
    desk.pass_time(8.0)
    sent = desk.wire().sent
    assert [one.mti for one in sent] == ["0220", "0221"]
    desk.answer(sent[1], "00")
    for number in range(15):
        desk.buy(desk.terminal(f"t{number}"), purchase(), "51")
    requests = {one.text(DE.STAN) for one in desk.wire().sent[2:]}
    assert sent[0].text(DE.STAN) not in requests


def test_an_entry_keeps_its_number_until_it_is_over() -> None:
    """The space wraps around it, before and after a restart."""
    issuer = bank("atlas")
    issuer.stans.space = 12
    desk = Desk(issuer)
    desk.arrive(desk.terminal(), purchase("0220", pan=card("9504019")))
    held = desk.wire().sent[0].text(DE.STAN)
    for number in range(30):
        desk.buy(desk.terminal(f"t{number}"), purchase(), "00")
    requests = [sent.text(DE.STAN) for sent in desk.wire().sent if sent.mti == "0100"]
    assert held not in requests

    again = bank("atlas")
    again.stans.space = 12
    desk = desk.restarted(again)
    for number in range(30):
        desk.arrive(desk.terminal(f"u{number}"), purchase())
        desk.answer(desk.wire().sent[-1], "00")
    requests = [sent.text(DE.STAN) for sent in desk.wire().sent if sent.mti == "0100"]
    assert held not in requests


def test_a_full_space_hears_96() -> None:
    """Nothing is guessed, nothing waits."""
    issuer = bank("atlas")
    issuer.stans.space = 20
    desk = Desk(issuer)
    terminals = [desk.terminal(f"t{number}") for number in range(30)]
    for terminal in terminals:
        desk.arrive(terminal, purchase())
    codes = [code for terminal in terminals for code in terminal.codes]
    assert set(codes) == {"96"}
    assert len(codes) + len(desk.wire().sent) == 30


def test_every_request_in_a_full_space_can_still_be_reversed() -> None:
    """Half the space is kept for the reversals of the other half."""
    issuer = bank("atlas")
    issuer.stans.space = 20
    desk = Desk(issuer)
    for number in range(30):
        desk.arrive(desk.terminal(f"t{number}"), purchase(pan=card(f"950401{number}")))
    requests = len(desk.wire().sent)
    assert 0 < requests <= 10
    desk.pass_time(6.1)
    assert len(desk.disk.entries) == requests


def test_what_acquirers_send_hears_96_when_no_number_is_left() -> None:
    """Advices and reversals: it cannot be stored, said in time, and not taken."""
    issuer = bank("atlas")
    issuer.stans.space = 5
    desk = Desk(issuer)
    bought = desk.terminal("bought")
    desk.buy(bought, purchase(), "00")
    desk.line_falls()
    for number in range(5):
        desk.arrive(desk.terminal(f"t{number}"), purchase("0220", pan=card(f"950401{number}")))
    late = desk.terminal("late")
    desk.arrive(late, purchase("0220"))
    desk.arrive(late, reversal(of=purchase(stan="000077", rrn="000000000077")))
    desk.arrive(bought, reversal())
    assert late.codes == ["96", "96"]
    assert bought.codes == ["00", "96"]
    desk.arrive(bought, purchase("0101"))
    assert bought.codes == ["00", "96", "00"]


def test_numbers_come_back_when_their_stories_are_over() -> None:
    """After the quarantine: of a request in silence, and of its reversal, which was repeated."""
    desk = Desk()
    stans = desk.issuers[0].stans
    everything = stans.room(desk.clock.seconds)
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(13.5)  # the reversal was silent once, too
    assert desk.wire().mtis == ["0100", "0420", "0421"]
    assert stans.room(desk.clock.seconds) == everything - 2
    desk.answer(desk.wire().sent[-1], "00")
    assert stans.room(desk.clock.seconds) == everything - 2
    desk.pass_time(130.0)
    assert stans.room(desk.clock.seconds) == everything


@pytest.mark.parametrize("code", ["00", "51"])
def test_an_answered_number_is_free_again(code: str) -> None:
    issuer = bank("atlas")
    issuer.stans.space = 10
    desk = Desk(issuer)
    for number in range(40):
        terminal = desk.terminal(f"t{number}")
        desk.buy(terminal, purchase(), code)
        assert terminal.codes == [code]
