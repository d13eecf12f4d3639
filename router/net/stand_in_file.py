"""stand_in.toml and the lists it names, checked against the rest of the configuration."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from router.net.agreement import ANSWER_MARGIN_S
from router.net.card_list import CardList, negative_list, no_cards, offset_list, pvv_list
from router.net.expected import suggestion
from router.net.mistakes import Mistake
from router.net.settings import AcquirerSettings, HsmSettings, IssuerSettings
from router.net.stand_in_settings import REASON_ELEMENTS, Lent, LimitSettings, StandInSettings
from router.net.toml_tables import Table, TableReader
from router.switching.routing import BinFacts

FILE: Final = "stand_in.toml"

StandIns = Sequence[Table[StandInSettings]]
Limits = Sequence[Table[LimitSettings]]


def lent(
    reader: TableReader,
    folder: Path,
    hsm: Table[HsmSettings] | None,
    acquirers: Sequence[Table[AcquirerSettings]],
    issuers: Sequence[Table[IssuerSettings]],
    bins: Sequence[BinFacts],
    workers: int = 1,
) -> tuple[Lent, ...]:
    """What is lent by whom; mistakes go to the reader. Nothing where there is no such file."""
    if not (folder / FILE).exists():
        return ()
    content = reader.content(FILE, ("stand_in", "limit"))
    if content is None:
        return ()
    stand_ins = reader.several(StandInSettings, FILE, "stand_in", content.get("stand_in"))
    limits = reader.several(LimitSettings, FILE, "limit", content.get("limit"))
    reader.mistakes.extend(unknown_issuers(stand_ins, limits, issuers))
    reader.mistakes.extend(unlimited(stand_ins, limits))
    reader.mistakes.extend(unknown_products(limits, bins))
    reader.mistakes.extend(unchecked_pins(stand_ins, limits))
    reader.mistakes.extend(too_few_tries(stand_ins, workers))
    reader.mistakes.extend(too_slow(stand_ins, hsm, acquirers, issuers))
    return tuple(whole(reader, table.made, limits) for table in stand_ins if table.made is not None)


def whole(reader: TableReader, made: StandInSettings, limits: Limits) -> Lent:
    """With its limits in their order, and its files."""
    own = tuple(
        one.made for one in limits if one.made is not None and one.made.issuer == made.issuer
    )
    lists: list[CardList] = []
    negative = pin_values = no_cards()
    if made.negative_file is not None:
        lists.append(negative_list(made.negative_file))
        negative = lists[-1].values
    if made.pin_check is not None:
        read = pvv_list if made.pin_check.method == "pvv" else offset_list
        lists.append(read(made.pin_check.cards_file))
        pin_values = lists[-1].values
    for one in lists:
        reader.mistakes.extend(one.mistakes)
    return Lent(made, own, negative, pin_values)


def unknown_issuers(
    stand_ins: StandIns, limits: Limits, issuers: Sequence[Table[IssuerSettings]]
) -> Iterator[Mistake]:
    """Names that nobody has, and one that is there twice."""
    known = [issuer.given_name for issuer in issuers]
    seen: dict[str, str] = {}
    for table in stand_ins:
        name = table.values.get("issuer")
        if name is None:
            continue
        if name not in known:
            yield table.mistake("issuer", *nobody(name, known))
        if name in seen:
            yield table.mistake("issuer", f'"{name}" has {seen[name]}', "one table for each")
        seen.setdefault(name, table.label)
    for limit in limits:
        name = limit.values.get("issuer")
        if name is not None and name not in seen:
            right = suggestion(name, seen, "issuers that are stood in for")
            yield limit.mistake("issuer", f'no [[stand_in]] is of "{name}"', right)
    for table in stand_ins:
        element = table.values.get("reason_element", REASON_ELEMENTS[0])
        if element not in REASON_ELEMENTS:
            yield table.mistake("reason_element", f"is {element}", f"one of {REASON_ELEMENTS}")


def nobody(name: str, known: list[str]) -> tuple[str, str]:
    return f'no issuer is named "{name}"', suggestion(name, known, "issuers")


def too_few_tries(stand_ins: StandIns, workers: int) -> Iterator[Mistake]:
    """Each worker has its part of them, and a part must be one."""
    for table in stand_ins:
        tries = table.inner.get("pin_check", {}).get("tries_max", workers)
        if tries < workers:
            wrong = f"{tries} wrong PINs cannot be divided among {workers} workers"
            yield table.mistake("pin_check.tries_max", wrong, f"{workers} or more, or less workers")


def unlimited(stand_ins: StandIns, limits: Limits) -> Iterator[Mistake]:
    """Nothing is approved without a limit."""
    limited = {limit.values.get("issuer") for limit in limits}
    for table in stand_ins:
        if table.values.get("issuer") not in limited:
            yield table.mistake("", "it has no limit", "a [[limit]] with the same issuer")


def unknown_products(limits: Limits, bins: Sequence[BinFacts]) -> Iterator[Mistake]:
    """Words of people: the same ones as in the BIN table."""
    for limit in limits:
        issuer = limit.values.get("issuer")
        known = {facts.product for facts in bins if facts.issuer == issuer}
        if not known:
            continue  # said of the issuer already
        for product in limit.values.get("products", ()):
            if product not in known:
                wrong = f'no range of "{issuer}" has the product "{product}"'
                yield limit.mistake("products", wrong, suggestion(product, known, "products"))


def unchecked_pins(stand_ins: StandIns, limits: Limits) -> Iterator[Mistake]:
    """A PIN that is required and that nobody can check."""
    checked = {table.values.get("issuer") for table in stand_ins if table.values.get("pin_check")}
    for limit in limits:
        if limit.values.get("pin") == "required" and limit.values.get("issuer") not in checked:
            right = "a [stand_in.pin_check] for this issuer, or another word here"
            yield limit.mistake("pin", "nothing checks the PIN", right)


def too_slow(
    stand_ins: StandIns,
    hsm: Table[HsmSettings] | None,
    acquirers: Sequence[Table[AcquirerSettings]],
    issuers: Sequence[Table[IssuerSettings]],
) -> Iterator[Mistake]:
    """Promise 1: after the issuer's share there must be time for the HSM and for two commits."""
    answer_times = [
        (table.values["answer_within_s"], table)
        for table in acquirers
        if "answer_within_s" in table.values
    ]
    timeouts: dict[Any, float] = {
        table.given_name: table.values["issuer_timeout_s"]
        for table in issuers
        if "issuer_timeout_s" in table.values
    }
    command_s = hsm.values.get("timeout_s") if hsm is not None else None
    if not answer_times or command_s is None:
        return
    shortest, acquirer = min(answer_times, key=lambda pair: pair[0])
    for table in stand_ins:
        timeout = timeouts.get(table.values.get("issuer"))
        checks = bool(table.values.get("pin_check")) + bool(table.values.get("cvv_check"))
        if timeout is None or not checks:
            continue  # two commits fit: agreement.tight_timeouts
        needed = timeout + checks * command_s + ANSWER_MARGIN_S
        if needed > shortest:
            wrong = (
                f"issuer_timeout_s of {timeout:g} s, {checks} of the HSM's {command_s:g} s and a"
                f" margin of {ANSWER_MARGIN_S:g} s do not fit into answer_within_s of"
                f" {acquirer.label}, {shortest:g} s"
            )
            yield table.mistake("", wrong, "a shorter issuer_timeout_s, or more time there")
