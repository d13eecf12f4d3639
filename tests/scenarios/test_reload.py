"""A reload changes nothing in flight."""

from dataclasses import replace

from router.switching.routing import BinTable
from router.switching.switch import Switch
from specs.elements import DE
from tests.builders import purchase, reversal
from tests.switching.desk import Desk, Wire, bank, bins


def test_what_is_in_flight_keeps_the_issuer_it_was_routed_to() -> None:
    """The card moves to another bank between request and answer."""
    desk = Desk(bank("atlas"), bank("rif"))
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.reload(bins("950401", "rif"))
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00"]

    desk.arrive(terminal, purchase(stan="000002", rrn="000000000002"))
    assert desk.wire(issuer=1).mtis == ["0100"]
    desk.arrive(terminal, reversal())
    assert desk.wire().mtis == ["0100", "0420"]


def test_an_issuer_that_is_gone_still_ends_what_it_was_asked() -> None:
    """Removed while a request waits: the request times out and its reversal is stored."""
    desk = Desk(bank("atlas"), bank("rif"))
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.reload(bins("950401", "rif"), issuers=(desk.issuers[1],))
    desk.pass_time(6.1)
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100", "0420"]
    desk.answer(desk.wire().sent[1], "00")
    desk.pass_time(30.0)
    assert desk.wire().mtis == ["0100", "0420"]


def test_the_lines_of_an_issuer_that_is_gone_may_fall_and_return() -> None:
    desk = Desk(bank("atlas"), bank("rif"))
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.reload(bins("950401", "rif"), issuers=(desk.issuers[1],))
    desk.line_falls()
    assert terminal.codes == ["91"]
    desk.line_returns()
    assert desk.wire().mtis == ["0100", "0420"]
    desk.answer(desk.wire().sent[0], "00")


def test_a_reversal_of_an_unknown_original_goes_by_the_new_table() -> None:
    desk = Desk(bank("atlas"), bank("rif"))
    desk.reload(bins("950401", "rif"))
    desk.arrive(desk.terminal(), reversal())
    assert desk.wire().sent == []
    assert desk.wire(issuer=1).mtis == ["0420"]


def test_what_an_issuer_approved_can_be_reversed_after_it_is_gone() -> None:
    """Long idle, then a reversal: taken, and delivered when the issuer is back."""
    desk = Desk(bank("atlas"), bank("rif"))
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.reload(bins("950401", "rif"), issuers=(desk.issuers[1],))
    desk.pass_time(5.0)
    desk.line_falls()
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["00", "00"]
    desk.pass_time(5.0)

    former = desk.conductor.former_issuer("atlas")
    assert former is desk.issuers[0]
    desk.reload(bins("950401", "atlas"))
    assert desk.conductor.former_issuer("atlas") is None
    desk.line_returns()
    assert desk.wire().mtis == ["0100", "0420"]


def test_an_acquirers_new_terms_are_for_its_next_request() -> None:
    """Another deadline and another limit; the request in flight ends by the old ones."""
    desk = Desk()
    terminal = desk.terminal(answer_within_s=10.0)
    desk.arrive(terminal, purchase())
    terminal.acquirer = replace(terminal.acquirer, answer_within_s=20.0, in_flight_max=1)
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00"]
    assert desk.conductor.in_flight == 0
    desk.buy(terminal, purchase(stan="000002", rrn="000000000002"), "00")
    assert terminal.codes == ["00", "00"]


def test_an_issuer_that_was_gone_at_a_restart_finds_its_own_again() -> None:
    """Its reversals, its numbers, what it approved: a reload brings it back with all of them."""
    desk = Desk()
    desk.buy(desk.terminal("first"), purchase(), "00")
    desk.arrive(desk.terminal("second"), purchase())
    desk.pass_time(6.1)
    desk = desk.restarted(bank("rif"))
    terminal = desk.terminal("first")
    desk.arrive(terminal, purchase("0101"))
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["00", "00"]
    desk.pass_time(20.0)

    atlas = desk.conductor.former_issuer("atlas")
    assert atlas is not None
    returned = bank("atlas")
    atlas.terms, atlas.lines = returned.terms, returned.lines
    for line in atlas.lines:
        line.stans = atlas.stans
    desk.conductor.use(
        Switch("950400", BinTable([bins("950401", "atlas")]), {"atlas": atlas}, desk.clock)
    )
    desk.conductor.line_up(atlas.lines[0])
    desk.settle()
    wire = atlas.lines[0].port
    assert isinstance(wire, Wire)
    undone = wire.sent[0]
    assert undone.mti == "0421"
    response = undone.codec.written("0430", {**undone.values(), DE.RESPONSE_CODE: "00"})
    desk.conductor.respond(atlas.lines[0], response)
    desk.settle()
    assert wire.mtis == ["0421", "0420"]
    desk.arrive(desk.terminal("third"), purchase())
    assert [one.text(DE.STAN) for one in wire.sent] == ["000003", "000004", "000005"]


def test_the_journal_of_an_issuer_that_is_gone_rings() -> None:
    """Entries for a bank that nobody configures any more are not silently forgotten."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(6.1)
    desk = desk.restarted(bank("rif"))
    assert "journal_names_unknown_issuer" in desk.watcher.alarms
