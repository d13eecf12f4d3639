"""The same bank in other dialects, and known by chip data."""
from pathlib import Path

import pytest

from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec
from tests.issuers.acquirer import purchase, reversal
from tests.issuers.bank import PANS, running_bank

TRACK_2_EQUIVALENT = "5713" + "9504000000000010D30122011234532100000F"


@pytest.mark.parametrize("name", [
    "iso87-ascii", "iso87-binary", "iso87-ebcdic", "national", "visa-like", "mastercard-like",
])
async def test_a_purchase_and_its_reversal(tmp_path: Path, name: str) -> None:
    """Sign-on, approval, reversal, in every shipped dialect of 1987; the header comes back."""
    dialect = load_dialect(name)
    header = {"h": dialect.default_header.hex().upper()} if dialect.header_bytes else {}
    async with running_bank(tmp_path, dialect=name) as bank:
        acquirer = await bank.connected(signed_on=False, spec=pyiso8583_spec(dialect))
        sign_on = {"t": "0800", "7": "1124010203", "11": "000001",
                   "70": dialect.network_codes["sign_on"], **header}
        assert (await acquirer.asks(sign_on))["39"] == "00"
        request = {**purchase(), **header}
        answer = await acquirer.asks(request)
        assert (answer["39"], answer["11"], answer["7"]) == ("00", request["11"], request["7"])
        assert answer.get("h", "") == header.get("h", "")
        assert (await acquirer.asks({**reversal(request), **header}))["39"] == "00"
        [hold] = bank.listing(everything=True)["holds"]
        assert (hold["rrn"], hold["terminal_id"], hold["acquirer_id"], hold["state"]) == (
            request["37"], "TERM0001", "12345", "released")


@pytest.mark.parametrize("chip", [TRACK_2_EQUIVALENT, "5A08" + PANS["good"]])
async def test_a_card_known_by_its_chip_alone(tmp_path: Path, chip: str) -> None:
    """Neither DE 2 nor DE 35: the PAN is in 57 or 5A of DE 55."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        answer = await acquirer.asks(purchase(de2=None, de55="9F2701809F3602001E" + chip))
        assert answer["39"] == "00"
        assert bank.listing()["holds"][0]["pan_masked"] == "950400******0010"


@pytest.mark.parametrize("name", ["iso93-ascii", "iso93-binary"])
async def test_the_version_of_1993(tmp_path: Path, name: str) -> None:
    """Function and action codes, DE 56 for DE 90; the forwarder is in no DE 56, and not missed."""
    async with running_bank(tmp_path, dialect=name) as bank:
        acquirer = await bank.connected(signed_on=False, spec=pyiso8583_spec(load_dialect(name)))
        sign_on = {"t": "1804", "7": "1124010203", "11": "000001", "24": "801"}
        answer = await acquirer.asks(sign_on)
        assert (answer["t"], answer["39"], answer["24"]) == ("1814", "800", "801")
        request = {**purchase(), "t": "1100", "12": "261124010203", "22": "510101510001",
                   "24": "100", "26": "5411"}
        del request["18"]
        answer = await acquirer.asks(request)
        assert (answer["t"], answer["39"], answer["22"]) == ("1110", "000", "510101510001")
        assert (await acquirer.asks({**request, "t": "1101"})) == answer
        original = "1100" + request["11"] + "26" + request["7"] + "0512345"
        undo = {**request, "t": "1420", "11": "000002", "24": "401", "4": "000000003000",
                "30": "000000010000".ljust(24, "0"), "56": original}
        answer = await acquirer.asks(undo)
        assert (answer["t"], answer["39"]) == ("1430", "400")
        assert bank.held_minor() == 3000
        declined = await acquirer.asks({**request, "2": PANS["lost"], "11": "000003"})
        assert declined["39"] == "208"
