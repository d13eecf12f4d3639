"""Reversals, advices and repeats: each has one effect, whatever the order and however often."""
from pathlib import Path

import pytest

from tests.issuers.acquirer import advice, purchase, repeat, reversal
from tests.issuers.bank import PANS, running_bank


@pytest.mark.parametrize("mti", ["0400", "0420"])
async def test_a_reversal_releases_the_hold(tmp_path: Path, mti: str) -> None:
    """Bought and reversed: nothing is held, and the listing says what was released."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        answer = await acquirer.asks(reversal(request, mti))
        assert (answer["t"], answer["39"]) == (mti[:2] + str(int(mti[2]) + 1) + "0", "00")
        assert bank.listing()["holds"] == []
        [hold] = bank.listing(everything=True)["holds"]
        assert (hold["state"], hold["held_minor"], hold["amount_minor"]) == ("released", 10000, 0)


async def test_a_partial_reversal_leaves_what_de_95_says(tmp_path: Path) -> None:
    """30.00 of 100.00 stay; the full reversal that follows releases the rest."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        answer = await acquirer.asks(reversal(request, de95="000000003000".ljust(42, "0")))
        assert answer["39"] == "00"
        assert bank.held_minor() == 3000
        assert bank.listing(everything=True)["holds"][0]["state"] == "partially"
        assert (await acquirer.asks(reversal(request)))["39"] == "00"
        assert bank.held_minor() == 0


async def test_a_reversal_before_its_original_declines_it(tmp_path: Path) -> None:
    """The reversal overtook: 25 the first time, 00 when repeated; the original holds nothing."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        first = reversal(request)
        assert (await acquirer.asks(first))["39"] == "25"
        assert (await acquirer.asks(repeat(first)))["39"] == "00"
        assert (await acquirer.asks(request))["39"] == "94"
        assert (await acquirer.asks(repeat(request)))["39"] == "94"
        assert (await acquirer.asks(reversal(request)))["39"] == "00"
        assert bank.held_minor() == 0


async def test_what_was_reversed_unseen_is_remembered_across_a_restart(tmp_path: Path) -> None:
    """The original comes after the restart, and is declined all the same."""
    request = purchase()
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(reversal(request)))["39"] == "25"
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(request))["39"] == "94"
        assert bank.held_minor() == 0


async def test_repeats_have_one_effect_and_the_same_answer(tmp_path: Path) -> None:
    """Each message twice, the second flagged repeat: answers are equal, and so are the holds."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        told = advice(request, de4="000000002500")
        financial = {**purchase(), "t": "0200"}
        declined = purchase(de2=PANS["poor"])
        for message in (request, told, financial, declined):
            assert await acquirer.asks(message) == await acquirer.asks(repeat(message))
        assert bank.held_minor() == 10000 + 2500 + 10000
        undo = reversal(request)
        assert await acquirer.asks(undo) == await acquirer.asks(repeat(undo))
        assert bank.held_minor() == 12500


async def test_a_0421_repeats_the_0400_that_had_no_answer(tmp_path: Path) -> None:
    """The same reversal by another MTI is the same reversal."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        undo = reversal(request, "0400")
        assert (await acquirer.asks(undo))["39"] == "00"
        assert (await acquirer.asks({**undo, "t": "0421"}))["39"] == "00"
        reversals = [decision for decision in bank.listing(everything=True)["decisions"]
                     if decision["mti"].startswith("04")]
        assert len(reversals) == 1


async def test_different_content_under_a_known_key_is_94(tmp_path: Path) -> None:
    """STAN, DE 7, DE 32 and DE 33 of a purchase again, with another amount: no effect."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        assert (await acquirer.asks({**request, "4": "000000000500"}))["39"] == "94"
        assert bank.held_minor() == 10000


async def test_an_advice_holds_beyond_the_balance_unless_it_tells_of_a_decline(
    tmp_path: Path,
) -> None:
    """Stand-in approved for a poor card: held. Stand-in declined: noted, not held."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase(de2=PANS["poor"])
        answer = await acquirer.asks(advice(request))
        assert (answer["t"], answer["39"]) == ("0130", "00")
        assert bank.held_minor() == 10000
        assert (await acquirer.asks(advice(request, de39="51")))["39"] == "00"
        assert bank.held_minor() == 10000


async def test_the_reversal_of_an_advice_names_the_advice(tmp_path: Path) -> None:
    """Stand-in's 0120 and the issuer's own 0100 are told apart by DE 90."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        told = advice(request, de4="000000002500")
        await acquirer.asks(told)
        assert (await acquirer.asks(reversal(told)))["39"] == "00"
        assert bank.held_minor() == 10000


async def test_a_reversal_without_de_90_is_30(tmp_path: Path) -> None:
    """Nothing says what to reverse."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        assert (await acquirer.asks(reversal(purchase(), de90=None)))["39"] == "30"


async def test_a_request_and_an_advice_of_one_number_are_two_messages(tmp_path: Path) -> None:
    """STAN, DE 7, DE 32 and DE 33 are equal, the MTI is not: neither is the other's repeat."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        request = purchase()
        await acquirer.asks(request)
        assert (await acquirer.asks({**request, "t": "0120"}))["39"] == "00"
        assert bank.held_minor() == 20000
