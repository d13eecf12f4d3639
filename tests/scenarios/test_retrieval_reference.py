"""DE 37 is the acquirer's and travels unchanged; the router makes one only where it must."""

from dataclasses import replace

from router.switching.peers import Issuer
from router.wire.codec import Codec
from specs.dialect import load_dialect
from specs.elements import DE
from tests.builders import purchase
from tests.switching.desk import Desk, bank


def bank_that_demands_it() -> Issuer:
    """Its dialect lists 37 as mandatory in requests."""
    national = load_dialect("national")
    demanding = replace(national, mandatory={"0100": ("3", "4", "7", "11", "37")})
    issuer = bank("atlas")
    issuer.terms = replace(issuer.terms, codec=Codec(demanding))
    return issuer


def test_an_rrn_of_the_acquirer_travels_unchanged() -> None:
    """Also to an issuer that demands one."""
    desk = Desk(bank_that_demands_it())
    desk.arrive(desk.terminal(), purchase(rrn="ABC000000042"))
    assert desk.wire().sent[0].text(DE.RRN) == "ABC000000042"


def test_an_issuer_that_demands_an_rrn_gets_one() -> None:
    """Of the hour and our own STAN; its reversal carries the same."""
    desk = Desk(bank_that_demands_it())
    desk.arrive(desk.terminal(), purchase(rrn=None))
    sent = desk.wire().sent[0]
    made = sent.text(DE.TRANSMISSION_TIME)[:6] + sent.text(DE.STAN)
    assert sent.text(DE.RRN) == made
    desk.pass_time(7.0)
    assert desk.wire().sent[1].mti == "0420"
    assert desk.wire().sent[1].text(DE.RRN) == made


def test_an_issuer_that_does_not_demand_one_gets_none() -> None:
    """The router invents nothing that nobody asked for."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase(rrn=None))
    assert not desk.wire().sent[0].has(DE.RRN)
