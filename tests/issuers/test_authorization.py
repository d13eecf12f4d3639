"""What an issuer host answers to requests, and what it holds afterwards."""
from pathlib import Path

import pytest

from tests.issuers.acquirer import network, purchase, reversal
from tests.issuers.bank import PANS, running_bank


async def test_an_approval_holds_its_amount(tmp_path: Path) -> None:
    """The good card buys for 100.00: approved with a code, and 100.00 are held by RRN and STAN."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        answer = await acquirer.asks(request)
        assert (answer["t"], answer["39"], answer["11"]) == ("0110", "00", request["11"])
        assert len(answer["38"]) == 6
        listing = bank.listing()
        [hold] = listing["holds"]
        assert (hold["pan_masked"], hold["rrn"], hold["stan"], hold["amount_minor"]) == (
            "950400******0010", request["37"], request["11"], 10000)
        assert listing["total_minor"] == {"504": 10000}


@pytest.mark.parametrize(("card", "code"), [
    ("poor", "51"), ("blocked", "62"), ("lost", "41"), ("stolen", "43"), ("expired", "54"),
    ("capped", "61"), ("good", "00"),
])
async def test_the_state_of_the_card_decides(tmp_path: Path, card: str, code: str) -> None:
    """A purchase of 100.00 by each card; only an approval holds anything."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        answer = await acquirer.asks(purchase(de2=PANS[card]))
        assert answer["39"] == code
        assert bank.held_minor() == (10000 if code == "00" else 0)


async def test_requests_before_sign_on_hear_91(tmp_path: Path) -> None:
    """A connection is nobody until it signed on, and again after it signed off."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected(signed_on=False)
        assert (await acquirer.asks(purchase()))["39"] == "91"
        assert (await acquirer.asks(network("301")))["39"] == "00"
        sign_on = network("001")
        answer = await acquirer.asks(sign_on)
        assert (answer["t"], answer["39"], answer["70"]) == ("0810", "00", "001")
        assert (await acquirer.asks(purchase()))["39"] == "00"
        assert (await acquirer.asks(network("201")))["39"] == "00"
        assert (await acquirer.asks(network("002")))["39"] == "00"
        assert (await acquirer.asks(purchase()))["39"] == "91"
        assert (await acquirer.asks(network("555")))["39"] == "12"


async def test_e_commerce_is_switched_per_card(tmp_path: Path) -> None:
    """A card that is closed to e-commerce hears 57 there, by DE 22 or DE 25, and buys in shops."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        closed, free = PANS["shop-only"], PANS["good"]
        heard = [(await acquirer.asks(purchase(de2=pan, **changed)))["39"]
                 for pan in (closed, free)
                 for changed in ({"de22": "812"}, {"de22": "010"}, {"de25": "59"}, {})]
        assert heard == ["57", "57", "57", "00", "00", "00", "00", "00"]


async def test_an_inquiry_holds_nothing_and_tells_the_balance(tmp_path: Path) -> None:
    """After a purchase of 100.00: ledger balance 1,000.00, available 900.00."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        await acquirer.asks(purchase())
        answer = await acquirer.asks(purchase(de3="310000", de4="000000000000"))
        assert answer["39"] == "00"
        assert answer["54"] == "0001504C000000100000" + "0002504C000000090000"
        assert bank.held_minor() == 10000


async def test_a_refund_gives_back_room(tmp_path: Path) -> None:
    """Spent to the last cent, the card buys again after a refund, and not after its reversal."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(purchase(de4="000000100000")))["39"] == "00"
        refund = purchase(de3="200000")
        assert (await acquirer.asks(refund))["39"] == "00"
        assert (await acquirer.asks(purchase(de4="000000000100")))["39"] == "00"
        assert (await acquirer.asks(reversal(refund)))["39"] == "00"
        assert (await acquirer.asks(purchase(de4="000000000100")))["39"] == "51"


async def test_a_marked_card_approves_in_part(tmp_path: Path) -> None:
    """50.00 of 100.00 are there: 10 with DE 4 of 50.00, which is what is held."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        answer = await acquirer.asks(purchase(de2=PANS["partial"]))
        assert (answer["39"], answer["4"]) == ("10", "000000005000")
        assert bank.held_minor() == 5000


@pytest.mark.parametrize(("changed", "code"), [
    ({"de2": "9504000000000184"}, "14"),
    ({"de3": "990000"}, "12"),
    ({"de4": "000000000000"}, "13"),
    ({"de4": None}, "30"),
    ({"de14": "2001"}, "54"),
])
async def test_what_cannot_be_honoured_is_named(
    tmp_path: Path, changed: dict[str, str | None], code: str
) -> None:
    """Unknown card, unknown processing code, no amount, a date that is past."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(purchase(**changed)))["39"] == code


async def test_every_decision_is_listed_with_what_it_takes_to_reconcile(tmp_path: Path) -> None:
    """Declines too: RRN, STAN, acquirer, terminal, merchant, code; and the counters agree."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        for request in (purchase(), purchase(de2=PANS["poor"], de4="000000990000")):
            await acquirer.asks(request)
        listing = bank.listing(everything=True)
        assert listing["counters"] == {"approved": 1, "declined": 1, "pin_verified": 0}
        declined = listing["decisions"][1]
        assert {name: declined[name] for name in (
            "rrn", "stan", "acquirer_id", "terminal_id", "merchant_id", "response_code",
            "amount_minor", "state")} == {
            "rrn": request["37"], "stan": request["11"], "acquirer_id": "12345",
            "terminal_id": "TERM0001", "merchant_id": "MERCHANT0000001", "response_code": "51",
            "amount_minor": 990000, "state": ""}


async def test_unreadable_messages_hear_30_and_end_the_link_after_ten(tmp_path: Path) -> None:
    """A message cut off behind its STAN can be answered; noise cannot, and has an end."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        acquirer.sends_bytes(b"0100" + b"7230000000000000" + b"169504000000000010"
                             b"000000" b"000000010000" b"1124010203" b"000042" b"1")
        answer = await acquirer.hears()
        assert (answer["t"], answer["39"], answer["11"]) == ("0110", "30", "000042")
        for _ in range(10):
            acquirer.sends_bytes(b"noise")
        assert await acquirer.hears_the_end()


async def test_a_daily_limit_counts_the_day_across_restarts_and_reversals(tmp_path: Path) -> None:
    """150.00 a day: the second 100.00 hears 61, after a restart too, and 00 after a reversal."""
    first = purchase(de2=PANS["daily"])
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(first))["39"] == "00"
        assert (await acquirer.asks(purchase(de2=PANS["daily"])))["39"] == "61"
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(purchase(de2=PANS["daily"])))["39"] == "61"
        await acquirer.asks(reversal(first))
        assert (await acquirer.asks(purchase(de2=PANS["daily"])))["39"] == "00"
