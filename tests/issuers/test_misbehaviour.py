"""Misbehaviour to order: each kind as the acquirer sees it, by amount, by card and by command."""
import asyncio
from pathlib import Path

import iso8583
import pytest
from iso8583.specs import default_ascii

from issuers import control
from issuers.settings import MisbehaviourRule
from issuers.state import control_path
from tests.issuers.acquirer import Acquirer, advice, purchase, reversal
from tests.issuers.bank import PANS, running_bank

SPOILED = "000000007791"


def spoiling(does: str, more: str = "") -> str:
    return f'\n[[misbehaviour]]\ndoes = "{does}"\namounts_ending = ["7791"]\n{more}\n'


async def nothing_was_heard(acquirer: Acquirer) -> bool:
    """Whether an advice sent now, decided behind all before, is the next thing answered."""
    probe = advice(purchase(), de4="000000000001")
    return (await acquirer.asks(probe))["11"] == probe["11"]


async def test_a_silent_issuer_holds_and_says_nothing(tmp_path: Path) -> None:
    """The money is held, no answer comes; the reversal is acknowledged and frees it."""
    async with running_bank(tmp_path, spoiling("silent")) as bank:
        acquirer = await bank.connected()
        request = purchase(de4=SPOILED)
        acquirer.sends(request)
        assert await nothing_was_heard(acquirer)
        assert bank.held_minor() == 7791 + 1
        assert bank.listing(everything=True)["decisions"][0]["misbehaviour"] == "silent"
        assert (await acquirer.asks(reversal(request)))["39"] == "00"
        assert bank.held_minor() == 1


async def test_a_deaf_issuer_never_saw_the_request(tmp_path: Path) -> None:
    """Nothing is recorded, so its reversal finds no original."""
    async with running_bank(tmp_path, spoiling("deaf")) as bank:
        acquirer = await bank.connected()
        request = purchase(de4=SPOILED)
        acquirer.sends(request)
        assert await nothing_was_heard(acquirer)
        assert (await acquirer.asks(reversal(request)))["39"] == "25"


@pytest.mark.parametrize("does", ["slow", "late"])
async def test_a_slow_answer_is_overtaken(tmp_path: Path, does: str) -> None:
    """A later purchase is answered first; the delayed answer comes whole."""
    async with running_bank(tmp_path, spoiling(does, "delay_s = 0.2")) as bank:
        acquirer = await bank.connected()
        delayed, prompt = purchase(de4=SPOILED), purchase()
        acquirer.sends(delayed)
        acquirer.sends(prompt)
        heard = [(await acquirer.hears())["11"] for _ in range(2)]
        assert heard == [prompt["11"], delayed["11"]]


async def test_a_wrong_stan_is_nobodys(tmp_path: Path) -> None:
    """The answer has every element of the request but its STAN."""
    async with running_bank(tmp_path, spoiling("wrong_stan")) as bank:
        acquirer = await bank.connected()
        request = purchase(de4=SPOILED)
        answer = await acquirer.asks(request)
        assert answer["11"] != request["11"]
        assert answer["37"] == request["37"]


async def test_a_duplicate_answer_comes_twice(tmp_path: Path) -> None:
    """The same bytes, one after the other; the purchase is held once."""
    async with running_bank(tmp_path, spoiling("duplicate")) as bank:
        acquirer = await bank.connected()
        acquirer.sends(purchase(de4=SPOILED))
        assert await acquirer.hears_bytes() == await acquirer.hears_bytes()
        assert bank.held_minor() == 7791


async def test_garbage_is_framed_and_unreadable(tmp_path: Path) -> None:
    """The link goes on behind it."""
    async with running_bank(tmp_path, spoiling("garbage")) as bank:
        acquirer = await bank.connected()
        acquirer.sends(purchase(de4=SPOILED))
        noise = await acquirer.hears_bytes()
        with pytest.raises(iso8583.DecodeError):
            iso8583.decode(noise, default_ascii)
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_hanging_up_closes_the_link_without_an_answer(tmp_path: Path) -> None:
    """What was asked is held all the same: only its reversal can free it."""
    async with running_bank(tmp_path, spoiling("hang_up")) as bank:
        acquirer = await bank.connected()
        acquirer.sends(purchase(de4=SPOILED))
        assert await acquirer.hears_the_end()
        assert bank.held_minor() == 7791


async def test_rules_can_name_cards(tmp_path: Path) -> None:
    """One card's answers get lost, the others' do not."""
    rule = '\n[[misbehaviour]]\ndoes = "silent"\ncards = ["capped"]\n'
    async with running_bank(tmp_path, rule) as bank:
        acquirer = await bank.connected()
        acquirer.sends(purchase(de2=PANS["capped"]))
        assert await nothing_was_heard(acquirer)
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_a_seeded_probability_strikes_the_same_messages_again(tmp_path: Path) -> None:
    """Half of the answers come twice; which ones is the seed's choice alone."""
    struck = []
    for run in ("first", "second"):
        rule = spoiling("wrong_stan", "probability = 0.5\nseed = 7")
        async with running_bank(tmp_path / run, rule) as bank:
            acquirer = await bank.connected()
            requests = [purchase(de4=SPOILED) for _ in range(20)]
            struck.append([(await acquirer.asks(request))["11"] != request["11"]
                           for request in requests])
    assert struck[0] == struck[1]
    assert 0 < sum(struck[0]) < 20


async def test_commands_take_effect_at_once_and_end(tmp_path: Path) -> None:
    """What `noyau issuer misbehave` does: the next request is spoiled, until it is called off."""
    async with running_bank(tmp_path) as bank:
        acquirer = await bank.connected()
        path = control_path(bank.state, "atlas")

        async def command(*rules: MisbehaviourRule) -> None:
            outcome = await asyncio.to_thread(control.misbehave, path, rules)
            assert outcome.done

        await command(MisbehaviourRule(does="silent"))
        acquirer.sends(purchase())
        assert await nothing_was_heard(acquirer)
        await command()
        assert (await acquirer.asks(purchase()))["39"] == "00"
        await command(MisbehaviourRule(does="silent", count=1))
        acquirer.sends(purchase())
        assert (await acquirer.asks(purchase()))["39"] == "00"


async def test_no_host_no_command(tmp_path: Path) -> None:
    """Commanding a host that does not run says so."""
    (tmp_path / "issuers").mkdir()
    with pytest.raises(control.HostAway):
        control.misbehave(control_path(tmp_path, "atlas"), [])
