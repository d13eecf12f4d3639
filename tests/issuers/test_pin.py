"""PINs and CVVs: the HSM says whether they are right, and nothing is approved when it cannot."""
import asyncio
from pathlib import Path

import pytest

from issuers.opening import opening
from issuers.pvv import pvvs
from issuers.settings import BadSettings
from tests.issuers.acquirer import Acquirer, purchase
from tests.issuers.bank import (
    CARDS,
    HSM_TABLES,
    PANS,
    SETTINGS,
    Bank,
    running_bank,
    write_configuration,
)
from tests.issuers.fake_hsm import (
    LONG_BLOCK,
    NO_BLOCK,
    RIGHT_BLOCK,
    RIGHT_CVV,
    WRONG_BLOCK,
    FakeHsm,
    fake_hsm,
)

TRACK_2 = "9504000000000010=30122011" + "1234" + RIGHT_CVV


def hsm_tables(hsm: FakeHsm) -> str:
    return HSM_TABLES.format(endpoint=hsm.endpoint)


def by_offset(tables: str) -> str:
    return tables.replace("[pin_check]", '[pin_check]\nmethod = "offset"')


async def answer_once_connected(bank: Bank, acquirer: Acquirer) -> None:
    """Wait until the host reached its HSM: purchases with a PIN hear 96 before."""
    async with asyncio.timeout(5):
        while (await acquirer.asks(purchase(de4="000000000100", de52=RIGHT_BLOCK)))["39"] == "96":
            pass


@pytest.mark.parametrize(("block", "code"), [
    (RIGHT_BLOCK, "00"), (WRONG_BLOCK, "55"), (NO_BLOCK, "89"), (LONG_BLOCK, "89"),
])
async def test_the_hsm_decides_about_the_pin(tmp_path: Path, block: str, code: str) -> None:
    """The right PIN is approved and noted as verified, a wrong one is 55, a bad block 89."""
    async with fake_hsm() as hsm, running_bank(tmp_path, hsm_tables(hsm)) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        assert (await acquirer.asks(purchase(de52=block)))["39"] == code
        assert bank.listing(everything=True)["decisions"][-1]["pin_verified"] == (code == "00")
        assert hsm.commands[-1] == (
            "EC" + "U" + "1" * 32 + "U" + "2" * 32 + block + "01" + "400000000001" + "1" + "1234")


@pytest.mark.parametrize(("block", "code"), [
    (RIGHT_BLOCK, "00"), (WRONG_BLOCK, "55"), (NO_BLOCK, "89"), (LONG_BLOCK, "55"),
])
@pytest.mark.parametrize("offset", ["1234", "12345", "123456789", "123456789012"])
async def test_an_offset_is_compared_in_its_whole_length(
    tmp_path: Path, block: str, code: str, offset: str
) -> None:
    """EA gets the card's own length twice: compare so many digits, and take no longer PIN."""
    cards = CARDS.replace(",pvv,", ",offset,").replace("1234", offset)
    async with fake_hsm() as hsm, running_bank(
            tmp_path, by_offset(hsm_tables(hsm)), cards=cards) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        assert (await acquirer.asks(purchase(de52=block)))["39"] == code
        length = f"{len(offset):02d}"
        assert hsm.commands[-1] == (
            "EA" + "U" + "1" * 32 + "U" + "2" * 32 + length + block + "01" + length
            + "400000000001" + "0123456789012345" + "95040000000N" + offset.ljust(12, "F"))


async def test_no_pvvs_are_made_for_a_host_that_looks_at_offsets(tmp_path: Path) -> None:
    """They would fill a column that nobody reads, and every PIN would be wrong."""
    tables = by_offset(HSM_TABLES.format(endpoint="127.0.0.1:1"))
    settings = opening(write_configuration(tmp_path, SETTINGS + tables), "atlas").settings
    with pytest.raises(BadSettings, match="method is 'offset'"):
        await pvvs(settings, "13" * 8 + "25" * 8, [(PANS["good"], "1234", "1")])


async def test_a_silent_hsm_costs_pin_transactions_only(tmp_path: Path) -> None:
    """A purchase with a PIN hears 96 when the HSM does not answer; one without is approved."""
    async with fake_hsm() as hsm, running_bank(tmp_path, hsm_tables(hsm)) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        hsm.answers.clear()
        with_pin = purchase(de52=RIGHT_BLOCK)
        acquirer.sends(with_pin)
        without = await acquirer.asks(purchase())
        assert (without["39"], (await acquirer.hears())["39"]) == ("00", "96")


async def test_pin_tries_are_counted_on_marked_cards_only(tmp_path: Path) -> None:
    """Three wrong PINs close the marked card, also for the right one; the others go on."""
    async with fake_hsm() as hsm, running_bank(tmp_path, hsm_tables(hsm)) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        heard = [(await acquirer.asks(purchase(de2=PANS[card], de52=block)))["39"]
                 for card in ("counted", "good")
                 for block in (WRONG_BLOCK, WRONG_BLOCK, WRONG_BLOCK, RIGHT_BLOCK)]
        assert heard == ["55", "55", "55", "75", "55", "55", "55", "00"]


async def test_counted_tries_survive_a_restart(tmp_path: Path) -> None:
    """The count is in the ledger: a closed card is closed after a restart too."""
    async with fake_hsm() as hsm:
        for block in (WRONG_BLOCK, WRONG_BLOCK, WRONG_BLOCK):
            async with running_bank(tmp_path, hsm_tables(hsm)) as bank:
                acquirer = await bank.connected()
                await answer_once_connected(bank, acquirer)
                request = purchase(de2=PANS["counted"], de52=block)
                assert (await acquirer.asks(request))["39"] == "55"
        async with running_bank(tmp_path, hsm_tables(hsm)) as bank:
            acquirer = await bank.connected()
            assert (await acquirer.asks(purchase(de2=PANS["counted"])))["39"] == "75"


@pytest.mark.parametrize(("track_2", "code"), [
    (TRACK_2, "00"),
    (TRACK_2[:-3] + "999", "05"),
    (TRACK_2[:-3], "00"),
])
async def test_the_cvv_in_track_2_is_checked(tmp_path: Path, track_2: str, code: str) -> None:
    """A swiped card without DE 2 is known by its track; a CVV that is not its own is refused."""
    async with fake_hsm() as hsm, running_bank(tmp_path, hsm_tables(hsm)) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        assert (await acquirer.asks(purchase(de2=None, de35=track_2)))["39"] == code


async def test_a_repeat_waits_while_the_hsm_looks_at_its_original(tmp_path: Path) -> None:
    """Original and repeat arrive together: one PIN check, one hold, the same answer twice."""
    async with fake_hsm() as hsm, running_bank(tmp_path, hsm_tables(hsm)) as bank:
        acquirer = await bank.connected()
        await answer_once_connected(bank, acquirer)
        held_before = bank.held_minor()
        asked_before = len(hsm.commands)
        request = purchase(de52=RIGHT_BLOCK)
        acquirer.sends(request)
        acquirer.sends({**request, "t": "0101"})
        first, second = await acquirer.hears(), await acquirer.hears()
        assert first == second
        assert first["39"] == "00"
        assert bank.held_minor() == held_before + 10000
        assert len(hsm.commands) == asked_before + 1
