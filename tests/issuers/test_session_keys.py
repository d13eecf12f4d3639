"""Session keys as the bank exchanges them, with the HSM of this house behind it."""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hsm_emulator.cryptograms import kcv, under_lmk
from issuers import control
from issuers.opening import opening
from issuers.pvv import pin_block, pvvs
from issuers.state import control_path
from tests.issuers.acquirer import Acquirer, purchase
from tests.issuers.bank import CARDS, PANS, SETTINGS, Bank, running_bank, write_configuration
from tests.net.session_keys import FIRST, PIN, SECOND, ZMK, RealHsm, delivered, offered

PVK = "19191919191919193B3B3B3B3B3B3B3B"
PAN = PANS["good"]


@asynccontextmanager
async def bank_with_keys(folder: Path) -> AsyncIterator[tuple[Bank, Acquirer]]:
    """Its one card has the PIN; a switch is signed on, its first PIN is checked already."""
    hsm = RealHsm(free_export=True)
    await hsm.start()
    tables = f"""
[hsm]
endpoints = ["{hsm.address}"]
[pin_key]
under_lmk = "{under_lmk("001", FIRST)}"
[key_exchange]
zmk_under_lmk = "{under_lmk("000", ZMK)}"
scheme = "X"
[pin_check]
pvk_under_lmk = "{under_lmk("002", PVK)}"
"""
    try:
        settings = opening(write_configuration(folder, SETTINGS + tables), "atlas").settings
        [pvv] = await pvvs(settings, FIRST, [(PAN, PIN, "1")])
        async with running_bank(folder, tables, cards=CARDS.replace("1234", pvv)) as bank:
            switch = await bank.connected()
            async with asyncio.timeout(5):
                while await pin_under(switch, FIRST) != "00":
                    pass
            yield bank, switch
    finally:
        await hsm.stop()


async def pin_under(switch: Acquirer, key: str) -> str:
    """The answer to a purchase whose PIN block is under this key."""
    return (await switch.asks(purchase(de2=PAN, de52=pin_block(key, PAN, PIN))))["39"]


def new_key(text: str) -> dict[str, str]:
    return {"t": "0800", "7": "1124101500", "11": "000900", "70": "162", "48": text}


async def test_a_delivered_key_counts_beside_the_former(tmp_path: Path) -> None:
    """The switch begins to use it when it hears the answer; what is on its way is not refused."""
    async with bank_with_keys(tmp_path) as (_, switch):
        assert await pin_under(switch, SECOND) == "89"
        assert (await switch.asks(new_key(offered(SECOND))))["39"] == "00"
        for key in (FIRST, SECOND, FIRST):
            assert await pin_under(switch, key) == "00"


async def test_a_wrong_check_value_is_a_security_violation(tmp_path: Path) -> None:
    async with bank_with_keys(tmp_path) as (_, switch):
        assert (await switch.asks(new_key(offered(SECOND, "ABCDEF"))))["39"] == "63"
        assert await pin_under(switch, SECOND) == "89"
        assert await pin_under(switch, FIRST) == "00"


async def test_a_text_that_is_no_key_is_refused(tmp_path: Path) -> None:
    async with bank_with_keys(tmp_path) as (_, switch):
        assert (await switch.asks(new_key("X" + "0" * 31)))["39"] == "63"


async def test_a_switch_that_asks_has_a_key_delivered(tmp_path: Path) -> None:
    """161 is answered, then 162 comes on the same link; the key counts already."""
    async with bank_with_keys(tmp_path) as (_, switch):
        asks = {"t": "0800", "7": "1124101500", "11": "000901", "70": "161"}
        assert (await switch.asks(asks))["39"] == "00"
        offer = await switch.hears()
        assert (offer["t"], offer["70"]) == ("0800", "162")
        assert await pin_under(switch, delivered(offer["48"])) == "00"


async def test_the_bank_delivers_a_key_when_it_is_told_to(tmp_path: Path) -> None:
    """`noyau issuer key atlas deliver`."""
    async with bank_with_keys(tmp_path) as (bank, switch):
        path = control_path(bank.state, "atlas")
        outcome = await asyncio.to_thread(control.exchange_key, path, "deliver")
        assert outcome.done
        offer = await switch.hears()
        assert offer["48"][33:] == kcv(delivered(offer["48"]))


async def test_exchanged_keys_survive_a_restart(tmp_path: Path) -> None:
    """Both: the switch may use either."""
    async with bank_with_keys(tmp_path) as (_, switch):
        assert (await switch.asks(new_key(offered(SECOND))))["39"] == "00"
    async with bank_with_keys(tmp_path) as (_, switch):
        assert await pin_under(switch, SECOND) == "00"
        assert await pin_under(switch, FIRST) == "00"
