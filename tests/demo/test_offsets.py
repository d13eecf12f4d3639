"""The set-up's offsets are those of IBM 3624: published ones, and those that EA accepts."""
import json
from pathlib import Path
from typing import Any, Final

import pytest

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from issuers.checks import account_digits, validation_data
from noyau.demo.offsets import card_offset, natural_pin, offset
from noyau.demo.pin_pad import pin_block

VECTORS: Final = Path(__file__).parents[1] / "vectors" / "crypto"
ZPK: Final = "15151515151515153737373737373737"
PVK: Final = "1A1A1A1A1A1A1A1A4545454545454545"
TABLE: Final = "0123456789012345"
PANS: Final = ("4000002500000003", "378282246310005", "36259600000004", "9504013990125942168")


def vectors(name: str) -> list[dict[str, Any]]:
    text = (VECTORS / f"{name}.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


@pytest.mark.parametrize("vector", vectors("pin_ibm3624"), ids=lambda vector: vector["id"])
def test_published_offsets(vector: dict[str, Any]) -> None:
    """Natural PIN and offset as other people's software has them."""
    given, expected = vector["inputs"], vector["expected"]
    made = natural_pin(given["pvk"], given["decimalisation_table"], given["validation_data"], 4)
    assert made == expected["natural_pin"]
    assert offset(made, expected["pin"]) == expected["offset_for_pin"] == given["offset"]


def test_a_captured_offset_of_six_digits() -> None:
    """EA as an issuer sent it: natural PIN 822018, PIN 121791, offset 309783."""
    vector = next(one for one in vectors("host_command_payshield")
                  if one["id"] == "host_command_payshield-006")
    made = offset(vector["expected"]["natural_pin"], vector["expected"]["pin"])
    assert made + "FFFFFF%01" == vector["inputs"]["request_latin1"][-len("309783FFFFFF%01"):]


@pytest.mark.parametrize("pan", PANS)
@pytest.mark.parametrize("pin", ["1234", "00000", "987654", "1234567", "020487676", "123456789012"])
def test_the_hsm_comes_to_the_same(pan: str, pin: str) -> None:
    """EA takes the PIN that the offset was made for, and no other by one digit."""
    device = Device(by_identifier())
    made = card_offset(PVK, TABLE, pan, pin)
    assert verified(device, pan, pin, made) == b"EB00"
    for at in range(len(pin)):
        wrong = pin[:at] + str((int(pin[at]) + 1) % 10) + pin[at + 1:]
        assert verified(device, pan, wrong, made) == b"EB01"


def verified(device: Device, pan: str, pin: str, made: str) -> bytes:
    length = f"{len(made):02d}"
    command = (f"EA{under_lmk('001', ZPK)}{under_lmk('002', PVK)}{length}{pin_block(pin, pan, ZPK)}"
               f"01{length}{account_digits(pan)}{TABLE}{validation_data(pan)}{made:F<12}")
    return device.answer(b"0000" + command.encode("ascii"))[4:]
