"""A scenario in the closing report: the day by its phases, and what became of each transaction."""
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from noyau.demo.accounts import Account
from noyau.demo.scenario_play import Phase, ScenarioPlay

UNAVAILABLE = ("91", "68")
NAME_WIDTH = 31


def scenario_figures(play: ScenarioPlay, accounts: Mapping[Account, int]) -> dict[str, Any]:
    """What a program reads."""
    delivered = play.delivered_after_s
    return {
        "title": play.timetable.title,
        "unreachable": play.timetable.unreachable,
        "phases": [
            {"name": one.name, "from_s": round(one.began_s, 1), "to_s": round(one.ended_s, 1),
             "answers": dict(one.heard.most_common()), "stood_in": one.stood_in}
            for one in play.phases
        ],
        "stored_on_return": play.stored_on_return,
        "delivered_after_s": round(delivered, 1) if delivered is not None else None,
        "accounts": {account.name.lower(): accounts.get(account, 0) for account in Account},
    }


def scenario_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What a person reads."""
    yield told["title"]
    yield f"  {'':<{NAME_WIDTH}} {'seconds':>13}  approved  stood in    91  other"
    for one in told["phases"]:
        phase = Phase(
            one["name"], one["from_s"], one["to_s"], Counter(one["answers"]), one["stood_in"])
        approved, stood_in, unavailable, other = counts(phase)
        yield (f"  {phase.name:<{NAME_WIDTH}} {phase.began_s:5.1f} to {phase.ended_s:4.1f}"
               f"  {approved:8,}  {stood_in:8,}  {unavailable:4,}  {other:5,}")
    delivered = told["delivered_after_s"]
    yield (f"  stored for {' and '.join(told['unreachable'])}: {told['stored_on_return']:,} when "
           "they came back, "
           + ("NOT all delivered" if delivered is None else f"all delivered {delivered:g} s later"))
    total = sum(told["accounts"].values())
    yield f"  each of the {total:,} transactions, by both sides' books:"
    for account in Account:
        yield f"    {told['accounts'][account.name.lower()]:6,}  {account}"


def counts(phase: Phase) -> tuple[int, int, int, int]:
    """Heard 00 of an issuer, 00 of the stand-in, 91, anything else."""
    unavailable = sum(phase.heard[code] for code in UNAVAILABLE)
    other = phase.heard.total() - phase.heard["00"] - unavailable
    return max(phase.heard["00"] - phase.stood_in, 0), phase.stood_in, unavailable, other
