"""Session keys between the router and its peers, with the HSM of this house behind the router.

PIN blocks are made and read here with the clear keys.
"""
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hsm_emulator.cryptograms import kcv, under_lmk
from issuers import control
from issuers.pvv import pin_block
from issuers.state import control_path
from tests.issuers.bank import PANS
from tests.issuers.test_session_keys import bank_with_keys
from tests.net.acquirer_peer import CARD, AcquirerPeer, acquirer_peer, purchase
from tests.net.house import ZPK, House
from tests.net.hsm_peer import DATA_KEY, DATA_KEY_KCV
from tests.net.issuer_peer import IssuerPeer, issuer_peer
from tests.net.peer import framed, written
from tests.net.session_keys import DATA, FIRST, PIN, SECOND, ZMK, RealHsm, delivered, offered

EXCHANGE = """
[{side}.key_exchange]
zmk_under_lmk = "{zmk}"
scheme = "X"
we = "{we}"
every_s = {every_s}
"""


def new_key(clear: str, stan: str = "000900", check: str | None = None) -> dict[str, str]:
    return {"t": "0800", "7": "1124101500", "11": stan, "70": "162", "48": offered(clear, check)}


def with_pin(key: str) -> dict[str, str]:
    return purchase(e52=pin_block(key, CARD, PIN))


@asynccontextmanager
async def key_house(
    folder: Path, side: str, we: str = "deliver", free_export: bool = True, bank: str = "",
    other_line: str = "", every_s: int = 0,
) -> AsyncIterator[tuple[House, IssuerPeer]]:
    """A router with the keys above; one of its peers exchanges keys."""
    hsm, issuer = RealHsm(free_export), IssuerPeer()
    await hsm.start()
    await issuer.start()
    house = House(folder, hsm, as_process=False)
    lines = [bank or issuer.address, *filter(None, [other_line])]
    house.configure({"atlas": lines}, {"950400": "atlas", "950401": "atlas"})
    use_keys(house, side, we, every_s)
    try:
        await house.start()
        yield house, issuer
    finally:
        await house.stop()
        await issuer.stop()
        await hsm.stop()


def use_keys(house: House, side: str, we: str, every_s: int = 0) -> None:
    """In a house that is configured: the keys above, and one side exchanges them."""
    exchange = EXCHANGE.format(side=side, zmk=under_lmk("000", ZMK), we=we, every_s=every_s)
    zpk = under_lmk("001", FIRST)
    for name in ("router", "acquirers", "issuers"):
        path = house.config / f"{name}.toml"
        text = path.read_text().replace('kind = "tpk"', 'kind = "zpk"').replace(ZPK, zpk)
        text = text.replace(DATA_KEY, under_lmk("00B", DATA)).replace(DATA_KEY_KCV, kcv(DATA))
        for placeholder in ("08D7B4", "214F4A"):
            text = text.replace(placeholder, kcv(FIRST))
        path.write_text(text + (exchange if name == f"{side}s" else ""))


@asynccontextmanager
async def next_purchase(*peers: IssuerPeer) -> AsyncIterator[None]:
    """What is sent within has come to one of them at the end."""
    coming = [asyncio.create_task(peer.hears("0100", len(peer.of("0100")) + 1)) for peer in peers]
    await asyncio.sleep(0)
    yield
    _, others = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def issuer_hears_pin(issuer: IssuerPeer, number: int) -> str:
    """The PIN block of the number-th purchase."""
    return (await issuer.hears("0100", number))["52"]


async def test_the_router_delivers_a_key_to_an_issuer_and_uses_it_after_the_0810(
    tmp_path: Path,
) -> None:
    """By hand. Until the issuer says that it has the key, blocks go out under the former."""
    async with key_house(tmp_path, "issuer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        issuer.silent_to.add("0800")
        code, _ = await house.page("/keys/exchange?peer=atlas", "POST")
        assert code == 202
        offer = await issuer.hears("0800", 2)
        second = delivered(offer["48"])
        await acquirer.asks(with_pin(FIRST))
        assert await issuer_hears_pin(issuer, 1) == pin_block(FIRST, CARD, PIN)
        issuer.send(framed(issuer.answer(offer)))
        assert (await house.logged("session_key_changed"))["kcv"] == kcv(second)
        await acquirer.asks(with_pin(FIRST))
        assert await issuer_hears_pin(issuer, 2) == pin_block(second, CARD, PIN)


async def test_an_hsm_that_has_not_been_told_to_export_says_what_is_missing(
    tmp_path: Path,
) -> None:
    """Strict rules: two operators allow it, or the rules of the device do."""
    async with key_house(tmp_path, "issuer", free_export=False) as (house, _):
        await house.page("/keys/exchange?peer=atlas", "POST")
        why = (await house.logged("session_key_not_changed"))["why"]
        assert why == (
            "the HSM answers A0 with error 17: authorise export.001 on it, or let the peer deliver")


async def test_a_key_that_the_issuer_declines_changes_nothing(tmp_path: Path) -> None:
    async with key_house(tmp_path, "issuer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        issuer.silent_to.add("0800")
        await house.page("/keys/exchange?peer=atlas", "POST")
        offer = await issuer.hears("0800", 2)
        declined = {number: offer[number] for number in ("7", "11", "70")}
        issuer.send(framed(written("0810", {**declined, "39": "63"})))
        alarm = await house.logged("session_key_not_changed")
        assert alarm["why"] == "the peer declines the key"
        await acquirer.asks(with_pin(FIRST))
        assert await issuer_hears_pin(issuer, 1) == pin_block(FIRST, CARD, PIN)


async def test_an_issuer_that_asks_has_a_key_delivered(tmp_path: Path) -> None:
    """161 is answered, then 162 comes."""
    async with key_house(tmp_path, "issuer") as (house, issuer):
        asks = {"7": "1124101500", "11": "000901", "70": "161"}
        issuer.send(framed(written("0800", asks)))
        assert (await issuer.hears("0810"))["39"] == "00"
        second = delivered((await issuer.hears("0800", 2))["48"])
        assert (await house.logged("session_key_changed"))["kcv"] == kcv(second)


async def test_a_key_that_an_issuer_delivers_is_used_from_the_answer_on(tmp_path: Path) -> None:
    """It decrypts with both since it sent the key; after a restart the key is still there."""
    async with key_house(tmp_path, "issuer", we="ask") as (house, issuer):
        async with acquirer_peer(house.acquirer) as acquirer:
            offer = new_key(SECOND)
            issuer.send(framed(written("0800", {k: v for k, v in offer.items() if k != "t"})))
            assert (await issuer.hears("0810"))["39"] == "00"
            await acquirer.asks(with_pin(FIRST))
            assert await issuer_hears_pin(issuer, 1) == pin_block(SECOND, CARD, PIN)
        await house.stop()
        await house.start()
        async with acquirer_peer(house.acquirer) as acquirer:
            await acquirer.asks(with_pin(FIRST))
            assert await issuer_hears_pin(issuer, 2) == pin_block(SECOND, CARD, PIN)


async def test_a_wrong_check_value_keeps_the_former_key(tmp_path: Path) -> None:
    """63, and an alarm that names both values."""
    async with key_house(tmp_path, "issuer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        offer = new_key(SECOND, check="ABCDEF")
        issuer.send(framed(written("0800", {k: v for k, v in offer.items() if k != "t"})))
        assert (await issuer.hears("0810"))["39"] == "63"
        why = (await house.logged("session_key_not_changed"))["why"]
        assert why == f"the peer says KCV ABCDEF, the HSM finds {kcv(SECOND)}"
        await acquirer.asks(with_pin(FIRST))
        assert await issuer_hears_pin(issuer, 1) == pin_block(FIRST, CARD, PIN)


async def test_blocks_of_an_acquirer_are_taken_under_both_keys(tmp_path: Path) -> None:
    """It delivered one, and cannot know at once that we have it. Nothing in flight fails."""
    async with key_house(tmp_path, "acquirer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        assert (await acquirer.asks(new_key(SECOND)))["39"] == "00"
        for number, key in enumerate((FIRST, FIRST, SECOND, SECOND), start=1):
            assert (await acquirer.asks(with_pin(key)))["39"] == "00"
            assert await issuer_hears_pin(issuer, number) == pin_block(FIRST, CARD, PIN)


async def test_after_the_new_key_was_used_the_former_does_not_count_on_that_link(
    tmp_path: Path,
) -> None:
    """The key of a block is fixed per line by order; another line may still carry the former."""
    async with key_house(tmp_path, "acquirer") as (house, _), acquirer_peer(
            house.acquirer) as one, acquirer_peer(house.acquirer) as other:
        await one.asks(new_key(SECOND))
        assert (await one.asks(with_pin(SECOND)))["39"] == "00"
        assert (await one.asks(with_pin(FIRST)))["39"] == "89"
        assert (await other.asks(with_pin(FIRST)))["39"] == "00"


async def test_both_keys_of_an_acquirer_survive_a_restart(tmp_path: Path) -> None:
    """It may have begun to use the new one, or not."""
    async with key_house(tmp_path, "acquirer") as (house, _):
        async with acquirer_peer(house.acquirer) as acquirer:
            assert (await acquirer.asks(new_key(SECOND)))["39"] == "00"
        await house.stop()
        await house.start()
        async with acquirer_peer(house.acquirer) as acquirer:
            assert (await acquirer.asks(with_pin(FIRST)))["39"] == "00"
            assert (await acquirer.asks(with_pin(SECOND)))["39"] == "00"


async def key_for(acquirer: AcquirerPeer) -> str:
    """161, then the 162 that comes, which is answered."""
    asks = {"t": "0800", "7": "1124101500", "11": "000901", "70": "161"}
    assert (await acquirer.asks(asks))["39"] == "00"
    offer = await acquirer.hears()
    taken = {number: offer[number] for number in ("7", "11", "70")}
    acquirer.send({"t": "0810", "39": "00", **taken})
    return delivered(offer["48"])


async def test_an_acquirer_that_asks_has_a_key_delivered(tmp_path: Path) -> None:
    """After its 0810 it uses the new key only, by order on that link."""
    async with key_house(tmp_path, "acquirer") as (house, _), acquirer_peer(
            house.acquirer) as acquirer:
        second = await key_for(acquirer)
        await house.logged("session_key_changed")
        assert (await acquirer.asks(with_pin(second)))["39"] == "00"
        assert (await acquirer.asks(with_pin(FIRST)))["39"] == "89"


async def test_the_router_asks_an_acquirer_for_a_key(tmp_path: Path) -> None:
    async with key_house(tmp_path, "acquirer", we="ask") as (house, _), acquirer_peer(
            house.acquirer) as acquirer:
        assert (await acquirer.asks(with_pin(FIRST)))["39"] == "00"
        await house.page("/keys/exchange?peer=medina", "POST")
        asked = await acquirer.hears()
        assert (asked["t"], asked["70"]) == ("0800", "161")
        acquirer.send({"t": "0810", "39": "00", "7": asked["7"], "11": asked["11"], "70": "161"})
        assert (await acquirer.asks(new_key(SECOND)))["39"] == "00"
        assert (await acquirer.asks(with_pin(SECOND)))["39"] == "00"


async def test_a_line_that_falls_before_its_0810_keeps_the_former_key(tmp_path: Path) -> None:
    """Nobody knows whether the issuer has the new one; it decrypts with both."""
    async with key_house(tmp_path, "issuer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        issuer.silent_to.add("0800")
        await house.page("/keys/exchange?peer=atlas", "POST")
        await issuer.hears("0800", 2)
        issuer.silent_to.clear()
        issuer.hang_up()
        assert "nobody knows" in str((await house.logged("session_key_not_changed"))["why"])
        await issuer.hears("0800", 3)
        async with asyncio.timeout(5):
            number = 0
            while (await acquirer.asks(with_pin(FIRST)))["39"] != "00":
                number += 1
        assert await issuer_hears_pin(issuer, 1) == pin_block(FIRST, CARD, PIN)


async def test_without_a_zmk_session_keys_are_not_supported(tmp_path: Path) -> None:
    async with key_house(tmp_path, "issuer") as (house, _), acquirer_peer(
            house.acquirer) as acquirer:
        assert (await acquirer.asks(new_key(SECOND)))["39"] == "12"
        code, answer = await house.page("/keys/exchange?peer=medina", "POST")
        assert (code, answer["begun"]) == (409, False)


async def test_purchases_with_pins_all_succeed_while_keys_change(tmp_path: Path) -> None:
    """Both sides change their keys again and again, in the middle of everything."""
    async with key_house(tmp_path, "issuer") as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        sent = []
        for number in range(120):
            if number % 20 == 10:
                await house.page("/keys/exchange?peer=atlas", "POST")
            if number and number % 20 == 0:
                await house.logged("session_key_changed", number // 20)
            message = with_pin(FIRST)
            sent.append(message["11"])
            acquirer.send(message)
            if number % 7 == 0:
                await issuer.hears("0100", max(1, number - 20))
        codes = {answer["11"]: answer["39"] for answer in [await acquirer.hears() for _ in sent]}
        assert codes == dict.fromkeys(sent, "00")
        keys = [FIRST, *(delivered(one["48"]) for one in issuer.of("0800") if one["70"] == "162")]
        assert len(keys) >= 4
        # By order on the line: blocks under one key, then under the next, never back.
        blocks = {pin_block(key, CARD, PIN): place for place, key in enumerate(keys)}
        places = [blocks[one["52"]] for one in issuer.of("0100")]
        assert places == sorted(places)


async def test_on_each_of_two_lines_blocks_go_from_key_to_key_and_never_back(
    tmp_path: Path,
) -> None:
    """The 162 goes by one line; what is on its way on the other is under the former key."""
    async with issuer_peer() as other, key_house(
            tmp_path, "issuer", other_line=other.address) as (house, issuer), acquirer_peer(
            house.acquirer) as acquirer:
        await other.hears("0800")
        issuer.delay_s = other.delay_s = 0.1  # so that either line is the less loaded one in turn
        sent = []
        for number in range(60):
            if number % 12 == 4:
                await house.page("/keys/exchange?peer=atlas", "POST")
            if number and number % 12 == 0:
                await house.logged("session_key_changed", number // 12)
            message = with_pin(FIRST)
            sent.append(message["11"])
            async with next_purchase(issuer, other):
                acquirer.send(message)
        codes = {answer["11"]: answer["39"] for answer in [await acquirer.hears() for _ in sent]}
        assert codes == dict.fromkeys(sent, "00")
        offers = [one for peer in (issuer, other) for one in peer.of("0800") if one["70"] == "162"]
        by_kcv = {kcv(delivered(offer["48"])): delivered(offer["48"]) for offer in offers}
        changes = [await house.logged("session_key_changed", number) for number in range(1, 6)]
        keys = [FIRST, *(by_kcv[change["kcv"]] for change in changes)]
        blocks = {pin_block(key, CARD, PIN): place for place, key in enumerate(keys)}
        for peer in (issuer, other):
            places = [blocks[one["52"]] for one in peer.of("0100")]
            assert places == sorted(places)
            assert len(set(places)) >= 3


async def test_the_schedule_delivers_a_key_and_a_restart_does_not_forget_when(
    tmp_path: Path,
) -> None:
    """A key that is due comes by itself; one that was exchanged just now does not come again."""
    async with key_house(tmp_path, "issuer", every_s=3600) as (house, issuer), acquirer_peer(
            house.acquirer):
        offer = await issuer.hears("0800", 2)
        changed = await house.logged("session_key_changed")
        assert (changed["how"], changed["kcv"]) == (
            "delivered (schedule)", kcv(delivered(offer["48"])))
        _, before = await house.page("/status")
        await house.stop()
        await house.start()
        _, after = await house.page("/status")
        assert after["session_keys"] == before["session_keys"]
        await issuer.hears("0800", 3)
        await house.page("/keys/exchange?peer=atlas", "POST")
        assert (await house.logged("session_key_changed", 2))["how"] == "delivered (hand)"


async def test_router_and_bank_change_their_key_without_a_wrong_pin(tmp_path: Path) -> None:
    """Both programs of this house, each with an HSM: by the router's hand, then by the bank's."""
    (tmp_path / "bank").mkdir()
    (tmp_path / "router").mkdir()
    async with bank_with_keys(tmp_path / "bank") as (bank, other), key_house(
            tmp_path / "router", "issuer", bank=bank.address) as (house, _), acquirer_peer(
            house.acquirer) as acquirer:
        await other.close()
        pan = PANS["good"]

        async def buys(pin: str) -> str:
            block = pin_block(FIRST, pan, pin)
            return (await acquirer.asks(purchase(e2=pan, e4="000000000100", e52=block)))["39"]

        assert await buys(PIN) == "00"
        await house.page("/keys/exchange?peer=atlas", "POST")
        first = await house.logged("session_key_changed")
        assert (await buys(PIN), await buys("4712")) == ("00", "55")
        control_file = control_path(bank.state, "atlas")
        assert (await asyncio.to_thread(control.exchange_key, control_file, "deliver")).done
        second = await house.logged("session_key_changed", 2)
        assert (await buys(PIN), await buys("4712")) == ("00", "55")
        assert (first["how"], second["how"]) == ("delivered (hand)", "taken")
        assert first["kcv"] != second["kcv"]
