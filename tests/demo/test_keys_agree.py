"""demo.toml has the keys in clear, the other files have them under the public test LMK."""
from pathlib import Path
from typing import Final

from hsm_emulator.cryptograms import kcv, under_lmk
from issuers.settings import load_settings as load_host
from noyau.demo.pin_pad import check_value, with_odd_parity
from noyau.demo.settings import demo_settings
from noyau.demo.strangers import acquirer, listing
from router.net.configuration import load_settings

CONFIG: Final = Path(__file__).parents[2] / "config"
KEY_TYPES: Final = {"zpk": "001", "tpk": "002"}
PVK: Final = "002"
DATA_KEY: Final = "00B"
DEMO: Final = demo_settings(CONFIG)
SETTINGS: Final = load_settings(CONFIG)


def test_acquirers_keys_agree() -> None:
    for link in DEMO.links:
        key = acquirer(SETTINGS, link.acquirer).pin_key
        assert key is not None
        assert key.under_lmk == under_lmk(KEY_TYPES[key.kind], link.pin_key)
        assert key.kcv == kcv(link.pin_key)


def test_issuers_keys_agree_on_both_ends_of_their_lines() -> None:
    clear = {issuer.name: issuer for issuer in DEMO.issuers}
    for issuer in SETTINGS.issuers:
        host = load_host(CONFIG, issuer.name)
        assert issuer.pin_key is not None
        assert host.pin_key is not None
        assert host.pin_check is not None
        expected = under_lmk("001", clear[issuer.name].zpk)
        assert issuer.pin_key.under_lmk == host.pin_key.under_lmk == expected
        assert issuer.pin_key.kcv == host.pin_key.kcv == kcv(clear[issuer.name].zpk)
        assert host.pin_check.pvk_under_lmk == under_lmk(PVK, clear[issuer.name].pvk)


def test_data_key_agrees() -> None:
    assert SETTINGS.hsm.data_key_under_lmk == under_lmk(DATA_KEY, DEMO.router.data_key)
    assert SETTINGS.hsm.data_key_kcv == kcv(DEMO.router.data_key)


def test_every_key_differs() -> None:
    """A PIN block that was not translated must not verify."""
    keys = [link.pin_key for link in DEMO.links]
    keys += [key for issuer in DEMO.issuers for key in (issuer.zpk, issuer.pvk)]
    keys.append(DEMO.router.data_key)
    assert len(set(keys)) == len(keys)


def test_keys_are_recognisable_as_test_keys_and_have_odd_parity() -> None:
    keys = [link.pin_key for link in DEMO.links] + [issuer.zpk for issuer in DEMO.issuers]
    assert all(with_odd_parity(key) for key in keys)


def test_strangers_are_given_the_key_and_its_check_value() -> None:
    """Both ways of computing a KCV agree: the HSM's and the PIN pad's."""
    link = listing(CONFIG, everything=False)["link"]
    assert link["zpk"] == "0123456789ABCDEFFEDCBA9876543210"
    assert link["zpk_kcv"] == check_value(link["zpk"]) == kcv(link["zpk"]) == "08D7B4"
    assert (link["dialect"], link["framing"], link["port"]) == ("iso87-ascii", "binary-2", 8583)
