"""How two sets of BIN ranges differ, in words."""

from collections.abc import Iterator
from typing import Final

from router.switching.routing import BinFacts, BinRanges

ISSUERS_SHOWN_MAX: Final = 20


def bin_changes(before: BinRanges, after: BinRanges) -> Iterator[str]:
    """Ranges that came and went, and whose they are."""
    if before == after:
        return
    numbers: dict[BinFacts, int] = {}
    old, new = fingerprints(before, numbers), fingerprints(after, numbers)
    for word, ranges, these, those in (("added", after, new, old), ("removed", before, old, new)):
        others = set(those)
        differing = [at for at, one in enumerate(these) if one not in others]
        if not differing:
            continue
        its_facts = ranges.facts_numbers()
        numbers_met = {its_facts[at] for at in differing}
        named = {ranges.facts[number].issuer or "unassigned" for number in numbers_met}
        shown = sorted(named)[:ISSUERS_SHOWN_MAX]
        yield f"bins: {len(differing)} {word} ({', '.join(shown)})"


def fingerprints(ranges: BinRanges, numbers: dict[BinFacts, int]) -> list[int]:
    """Of each range one number of 64 bits: of two million, two differ and look alike once in ten
    million comparisons, and the price would be a count in the log that is wrong by one."""
    common = [numbers.setdefault(one, len(numbers)) for one in ranges.facts]
    facts = map(common.__getitem__, ranges.facts_numbers())
    return list(map(hash, zip(ranges.edges(), ranges.widths, facts, strict=True)))
