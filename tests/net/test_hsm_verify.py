"""PINs and CVVs verified for the stand-in: by the demo's keys, on the emulator's own commands."""

import asyncio
from typing import Final

import pytest

from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from noyau.demo.cards import DemoCard, demo_cards, host_cards
from noyau.demo.pin_pad import pin_block
from noyau.demo.settings import demo_settings
from router.net.configuration import load_settings
from router.switching.needs import Verified, Verify
from router.wire import hsm_frames
from router.wire.pan import Pan
from tests.end_to_end.moved import CONFIG
from tests.net.hsm_peer import hsm_peer
from tests.net.test_hsm_client import client_of

DEMO: Final = demo_settings(CONFIG)
SETTINGS: Final = load_settings(CONFIG)
KEY_TYPES: Final = {"zpk": "001", "tpk": "002"}
CVK: Final = "0123456789ABCDEF" + "1032547698BADCFE"
DECIMALISATION: Final = "0123456789012345"


def verdict(command: bytes) -> Verified:
    """What the emulator says to it."""
    answer = Device(by_identifier()).answer(b"0001" + command)
    return Verified(hsm_frames.error_of(answer, command[:2]))


def card_of(issuer: str, digits: int) -> DemoCard:
    regions = {one.name: one.region for one in SETTINGS.issuers}
    return next(
        card
        for card in demo_cards(CONFIG, regions)
        if card.issuer == issuer and len(card.pin) == digits
    )


def acquirer_key(name: str) -> tuple[str, str, str]:
    """Kind, under the LMK, in clear."""
    key = next(one.pin_key for one in SETTINGS.acquirers if one.name == name)
    clear = next(one.pin_key for one in DEMO.links if one.acquirer == name)
    assert key is not None
    return key.kind, key.under_lmk, clear


def pvk_of(issuer: str) -> str:
    """Under the LMK."""
    return under_lmk("002", next(one.pvk for one in DEMO.issuers if one.name == issuer))


def test_the_demos_stand_in_has_its_banks_key() -> None:
    (lent,) = SETTINGS.stand_in
    check = lent.stand_in.pin_check
    assert check is not None
    assert check.pvk_under_lmk == pvk_of("sirocco")
    assert check.kcv == kcv(next(one.pvk for one in DEMO.issuers if one.name == "sirocco"))


@pytest.mark.parametrize("acquirer", ["medina", "corniche"])
def test_a_pvv_is_verified_under_a_zone_key_and_a_terminal_key(acquirer: str) -> None:
    """EC and DC; the PVV is the one in the bank's file."""
    kind, key, clear = acquirer_key(acquirer)
    card = card_of("sirocco", 4)
    (lent,) = SETTINGS.stand_in
    for pin, is_right in ((card.pin, True), (card.wrong_pin, False)):
        said = verdict(
            hsm_frames.verify_pvv(
                kind,
                key,
                pvk_of("sirocco"),
                pin_block(pin, card.pan, clear),
                "01",
                Pan(card.pan).account_12,
                lent.pin_values.of(card.pan),
            )
        )
        assert (said.is_clear, said.is_right) == (True, is_right)


@pytest.mark.parametrize("acquirer", ["medina", "corniche"])
@pytest.mark.parametrize("digits", [4, 5, 9])
def test_an_offset_is_verified_over_all_digits_of_its_pin(acquirer: str, digits: int) -> None:
    """EA and DA; one digit more is an error of the length, not a PIN that fits."""
    kind, key, clear = acquirer_key(acquirer)
    card = card_of("meridian", digits)
    offset = next(row["offset"] for row in host_cards(CONFIG, "meridian") if row["pan"] == card.pan)

    def said(pin: str) -> str:
        return verdict(
            hsm_frames.verify_offset(
                kind,
                key,
                pvk_of("meridian"),
                pin_block(pin, card.pan, clear),
                "01",
                Pan(card.pan).account_12,
                DECIMALISATION,
                card.pan[:11],
                offset,
            )
        ).hsm_error

    assert said(card.pin) == "00"
    assert said(card.wrong_pin) == "01"
    assert said(card.pin + "1") in ("01", "24")


def test_a_cvv_is_verified() -> None:
    """CY says so to the one that CW makes."""
    key, pan = under_lmk("402", CVK), card_of("sirocco", 4).pan
    made = Device(by_identifier()).answer(f"0001CW{key}{pan};3308201".encode())
    cvv = made[8:11].decode()
    assert made[4:8] == b"CX00"
    assert verdict(hsm_frames.verify_cvv(key, cvv, pan, "3308", "201")).is_right
    wrong = f"{(int(cvv) + 1) % 1000:03d}"
    assert verdict(hsm_frames.verify_cvv(key, wrong, pan, "3308", "201")).hsm_error == "01"


async def test_silence_and_no_connection_are_told_as_such() -> None:
    """Exactly once, and never from within the call."""
    async with hsm_peer() as hsm, client_of(hsm, timeout_s=0.2) as one:
        owner = one.owner()
        one.client.verify(Verify(b"EC" + b"0" * 100), owner)
        event = await one.said(owner)
        assert isinstance(event, Verified)
        assert event.hsm_error == "00"
        hsm.speaks.clear()
        owner = one.owner()
        one.client.verify(Verify(b"EC" + b"0" * 100), owner)
        event = await one.said(owner)
        assert isinstance(event, Verified)
        assert event.hsm_error == ""
        await hsm.stop()
        await asyncio.sleep(0)
        assert await one.is_up(0)
        owner = one.owner()
        one.client.verify(Verify(b"EC" + b"0" * 100), owner)
        event = await one.said(owner)
        assert isinstance(event, Verified)
        assert (event.is_clear, event.is_right) == (False, False)
