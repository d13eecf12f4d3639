"""What an issuer host answers to requests, and what it holds afterwards."""
from pathlib import Path

import pytest

from tests.issuers.acquirer import Acquirer, network, purchase
from tests.issuers.bank import PANS, running_bank


async def test_an_approval_holds_its_amount(tmp_path: Path) -> None:
    """The good card buys for 100.00: approved with a code, and 100.00 are held by RRN and STAN."""
    async with running_bank(tmp_path) as bank:
        acquirer = await Acquirer.connected(bank.address)
        request = purchase()
        answer = await acquirer.asks(request)
        assert (answer["t"], answer["39"], answer["11"]) == ("0110", "00", request["11"])
        assert len(answer["38"]) == 6
        listing = bank.listing()
        [hold] = listing["holds"]
        assert (hold["pan_masked"], hold["rrn"], hold["stan"], hold["amount_minor"]) == (
            "950400******0010", request["37"], request["11"], 10000)
        assert listing["total_minor"] == {"504": 10000}
        await acquirer.close()


@pytest.mark.parametrize(("card", "code"), [
    ("poor", "51"), ("blocked", "62"), ("lost", "41"), ("stolen", "43"), ("expired", "54"),
    ("capped", "61"), ("good", "00"),
])
async def test_the_state_of_the_card_decides(tmp_path: Path, card: str, code: str) -> None:
    """A purchase of 100.00 by each card; only an approval holds anything."""
    async with running_bank(tmp_path) as bank:
        acquirer = await Acquirer.connected(bank.address)
        answer = await acquirer.asks(purchase(de2=PANS[card]))
        assert answer["39"] == code
        assert bank.held_minor() == (10000 if code == "00" else 0)
        await acquirer.close()


async def test_requests_before_sign_on_hear_91(tmp_path: Path) -> None:
    """A connection is nobody until it signed on, and again after it signed off."""
    async with running_bank(tmp_path) as bank:
        acquirer = await Acquirer.connected(bank.address, signed_on=False)
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
        await acquirer.close()
