"""PINs by PVV and by offset through the HSM of this house, run as a process of its own."""
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from issuers.opening import opening
from issuers.pvv import pin_block, pvvs
from noyau.demo.offsets import card_offset
from tests.issuers.acquirer import purchase
from tests.issuers.bank import CARDS, PANS, SETTINGS, running_bank, write_configuration

# Published test keys (patterns with odd parity), and the same under the public test LMK.
ZPK = "13131313131313132525252525252525"
PVK = "19191919191919193B3B3B3B3B3B3B3B"
TABLES = """
[hsm]
endpoints = ["{endpoint}"]
[pin_key]
under_lmk = "U364697134FFB23B23EF9F677A35EB68B"
[pin_check]
pvk_under_lmk = "UC22175C181F7EA7A05D4DE170276A400"
"""


@asynccontextmanager
async def real_hsm() -> AsyncIterator[str]:
    """The endpoint of `noyau hsm` on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "noyau", "hsm", "--port", "0", stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(10):
        event: dict[str, object] = {}
        while event.get("event") != "hsm_listening":
            event = json.loads(await process.stderr.readline())
    try:
        yield f"127.0.0.1:{event['port']}"
    finally:
        process.terminate()
        await process.communicate()


async def test_a_pin_verifies_by_the_pvv_that_was_made_from_it(tmp_path: Path) -> None:
    """JE and DG make the PVV; then EC says 00 to the right PIN and 55 to another one."""
    async with real_hsm() as endpoint:
        tables = TABLES.format(endpoint=endpoint)
        settings = opening(write_configuration(tmp_path, SETTINGS + tables), "atlas").settings
        pan = PANS["good"]
        [made] = await pvvs(settings, ZPK, [(pan, "4711", "1")])
        cards = CARDS.replace("1234", made)
        async with running_bank(tmp_path, tables, cards=cards) as bank:
            acquirer = await bank.connected()
            async with asyncio.timeout(5):
                while (await acquirer.asks(_purchase(pan, "4711")))["39"] != "00":
                    pass
            assert (await acquirer.asks(_purchase(pan, "4712")))["39"] == "55"
            under_another_key = purchase(de52=pin_block("25" * 8 + "13" * 8, pan, "4711"))
            assert (await acquirer.asks(under_another_key))["39"] == "89"
            counters = bank.listing(everything=True)["counters"]
            assert counters["pin_verified"] == counters["approved"]


async def test_every_digit_of_a_pin_counts_where_offsets_are_checked(tmp_path: Path) -> None:
    """4 to 12 digits: one wrong digit anywhere, one more, one less is 55; the right PIN is 00."""
    pins = {"good": "4711", "shop-only": "47110", "capped": "471108150", "daily": "471108154711"}
    cards = "reference,pan,expiry,status,balance_minor,currency,offset\n" + "".join(
        f"{card},{PANS[card]},3012,active,100000,504,"
        f"{card_offset(PVK, '0123456789012345', PANS[card], pin)}\n"
        for card, pin in pins.items())
    async with real_hsm() as endpoint:
        tables = TABLES.format(endpoint=endpoint) + 'method = "offset"\n'
        async with running_bank(tmp_path, tables, cards=cards) as bank:
            acquirer = await bank.connected()
            async with asyncio.timeout(5):
                while (await acquirer.asks(_purchase(PANS["good"], "4711")))["39"] != "00":
                    pass
            for card, pin in pins.items():
                heard = [(await acquirer.asks(_purchase(PANS[card], wrong)))["39"]
                         for wrong in _wrong(pin)]
                assert heard == ["55"] * len(heard)
                assert (await acquirer.asks(_purchase(PANS[card], pin)))["39"] == "00"


def _wrong(pin: str) -> list[str]:
    """Each digit changed in turn; one digit more and one less where PINs have such a length."""
    changed = [pin[:at] + str((int(pin[at]) + 1) % 10) + pin[at + 1:] for at in range(len(pin))]
    return changed + [other for other in (pin + "0", pin[:-1]) if 4 <= len(other) <= 12]


def _purchase(pan: str, pin: str) -> dict[str, str]:
    return purchase(de2=pan, de4="000000000100", de52=pin_block(ZPK, pan, pin))
