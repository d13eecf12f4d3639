"""The demo's cards are what they are said to be."""
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from issuers.cards import has_good_check_digit
from issuers.settings import load_settings as load_host
from noyau.demo.card_files import card_files
from noyau.demo.cards import DemoCard, demo_cards, host_cards, rows_of
from noyau.demo.pin_pad import enciphered
from noyau.demo.settings import demo_settings
from noyau.demo.strangers import listing
from router.net.configuration import load_settings
from router.switching.routing import BinTable

CONFIG: Final = Path(__file__).parents[2] / "config"
# Published by processors for their sandboxes; docs/demo.md names the lists.
PUBLISHED: Final = frozenset({
    "4111111111111111", "4012888888881881", "4009348888881881", "4012000033330026",
    "4012000077777777", "4005519200000004", "4217651111111119", "4500600000000061",
    "4242424242424242", "4000056655665556", "5555555555554444", "5105105105105100",
    "5200828282828210", "2223000048400011", "2223003122003222", "378282246310005",
    "371449635398431", "6011111111111117", "6011000990139424", "3530111333300000",
    "3566002020360505", "36259600000004", "30569309025904", "38520000023237",
    "4000000000009995", "4000000000000069", "4000000000000002", "4000000000009987",
    "4000000000009979",
    "4000002500000003", "4000007240000007", "4000008260000000", "4000003800000008",
    "4000000560000004", "4000002760000016", "4000005280000002", "4000001240000000",
    "4000000760000002",
})


def all_cards() -> list[DemoCard]:
    return demo_cards(CONFIG, {one.name: one.region for one in load_settings(CONFIG).issuers})


def test_every_pan_has_its_check_digit() -> None:
    """A card that fails the Luhn check would be declined with 14 before anything is tried."""
    assert all(has_good_check_digit(card.pan) for card in all_cards())


def test_domestic_cards_begin_with_9504() -> None:
    """9, then 504 for Morocco: national use, nobody's cards anywhere else."""
    assert all(card.pan.startswith("9504") for card in all_cards() if card.region == "domestic")


def test_foreign_cards_are_published_test_numbers() -> None:
    """No number here may be anybody's."""
    assert {card.pan for card in all_cards() if card.region == "foreign"} <= PUBLISHED


def test_bin_table_holds_nothing_but_9504_and_published_numbers() -> None:
    """A range of six digits abroad would be a live issuer's."""
    for row in rows_of(CONFIG / "bins.csv"):
        whole_pan = row["first"] == row["last"] and row["first"] in PUBLISHED
        assert row["first"].startswith("9504") or whole_pan


def test_every_card_is_routed_to_its_issuer() -> None:
    """What demo-cards says of a card, the BIN table says too."""
    table = BinTable(load_settings(CONFIG).bin_table)
    for card in all_cards():
        found = table.range_of(card.pan)
        assert found is not None
        assert (found.issuer, found.region) == (card.issuer, card.region)


@pytest.mark.parametrize(("region", "expect"), [
    ("domestic", "00"), ("foreign", "00"), ("domestic", "51"), ("domestic", "54"),
    ("domestic", "62"), ("domestic", "91"),
])
def test_there_is_a_card_for(region: str, expect: str) -> None:
    """Strangers are promised one of each."""
    listed = listing(CONFIG, everything=False)["cards"]
    assert any((card["region"], card["expect"]) == (region, expect) for card in listed)


def test_limited_cards_are_listed_only_when_asked_for() -> None:
    """`expect` holds for a thousand purchases on every card in the usual list."""
    usual, everything = (listing(CONFIG, flag)["cards"] for flag in (False, True))
    assert not any(card.get("limited") for card in usual)
    assert [card for card in everything if not card.get("limited")] == usual
    assert len(everything) > len(usual)


def test_money_for_thousands_of_purchases() -> None:
    """A thousand purchases of 100.00 are promised; the demo's own traffic spends too."""
    rich = [card for card in all_cards() if card.expect == "00" and not card.limited]
    assert min(card.balance_minor for card in rich) >= 100 * 1000 * 10_000


def test_cards_beyond_their_money_have_some() -> None:
    """51, not because there is nothing at all."""
    poor = [card for card in all_cards() if card.expect == "51"]
    assert all(0 < card.balance_minor < 10_000 for card in poor)


def test_hosts_take_the_cards_without_limits_that_strangers_would_meet() -> None:
    """No PIN-try, velocity or amount limit outside the cards marked so."""
    marked = {card.pan for card in all_cards() if card.limited}
    for issuer in load_settings(CONFIG).issuers:
        for row in rows_of(CONFIG / "hosts" / f"{issuer.name}-cards.csv"):
            limits = row["limit_minor"] or row["daily_limit_minor"] or row["flags"]
            assert not limits or row["pan"] in marked


@pytest.mark.parametrize("digits", [4, 5, 6, 7, 8, 9])
def test_there_are_good_cards_with_pins_of_every_length(digits: int) -> None:
    """A switch that cuts a PIN, or an issuer that looks at its first digits, is found out."""
    listed = listing(CONFIG, everything=False)["cards"]
    assert any(len(card["pin"]) == digits and card["expect"] == "00" for card in listed)


def test_whole_pins_are_verified() -> None:
    """An offset has all digits of its PIN; a PVV covers four, so longer PINs do without."""
    pins = {card.pan: card.pin for card in all_cards()}
    for issuer in load_settings(CONFIG).issuers:
        check = load_host(CONFIG, issuer.name).pin_check
        assert check is not None
        for row in host_cards(CONFIG, issuer.name):
            covered = row["offset"] if check.method == "offset" else row["pvv"]
            assert len(covered) == len(pins[row["pan"]])


def test_pvvs_and_offsets_are_made_again_as_they_stand() -> None:
    """`noyau demo-cards --make-pvvs` would change nothing in the committed files."""
    for path, text in card_files(CONFIG, demo_settings(CONFIG)).items():
        assert path.read_text(encoding="utf-8") == text


def test_no_other_pin_of_four_digits_has_the_same_pvv() -> None:
    """A PVV has four digits too, so another PIN may fit by chance; here none does.

    Offsets need no such luck: to each belongs one PIN.
    """
    demo = demo_settings(CONFIG)
    pvks = {issuer.name: issuer.pvk for issuer in demo.issuers}
    by_pvv = [card for card in all_cards() if checks_pvvs(card.issuer)]
    assert by_pvv
    for card in by_pvv:
        account = card.pan[-12:-1].zfill(11)
        blocks = "".join(f"{account}1{pin:04d}" for pin in range(10_000))
        clear = enciphered(bytes.fromhex(blocks), pvks[card.issuer]).hex()
        made = [pvv_of(clear[16 * pin:16 * pin + 16]) for pin in range(10_000)]
        assert Counter(made)[made[int(card.pin)]] == 1


def checks_pvvs(issuer: str) -> bool:
    check = load_host(CONFIG, issuer).pin_check
    return check is not None and check.method == "pvv"


def pvv_of(enciphered_hex: str) -> str:
    """Four digits, from the left; then letters less ten."""
    letters = (str(int(symbol, 16) - 10) for symbol in enciphered_hex if symbol.isalpha())
    return ("".join(filter(str.isdigit, enciphered_hex)) + "".join(letters))[:4]


def test_a_card_never_shows_its_number_or_pin() -> None:
    """Test numbers too: nobody should get used to the sight."""
    for card in all_cards():
        assert card.pan not in repr(card)
        assert card.pin not in repr(card).replace(card.pan[-4:], "").replace(card.pan[:6], "")


def test_every_host_checks_pins() -> None:
    """Else a wrong PIN would be approved."""
    for issuer in load_settings(CONFIG).issuers:
        assert load_host(CONFIG, issuer.name).pin_check is not None
