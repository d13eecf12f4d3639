"""How two sets of BIN ranges differ, in words."""

from collections.abc import Iterator
from typing import Final

from router.switching.bin_pieces import FACTS_BYTES, PLACE_BYTES
from router.switching.routing import BinFacts, BinRanges

ISSUERS_SHOWN_MAX: Final = 20


def bin_changes(before: BinRanges, after: BinRanges) -> Iterator[str]:
    """Ranges that came and went, and whose they are."""
    if before == after:
        return
    before, after = without_equal_ends(before, after)
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


def without_equal_ends(before: BinRanges, after: BinRanges) -> tuple[BinRanges, BinRanges]:
    """What lies between the first difference and the last: a table edited here and there is a few
    comparisons of bytes. (No range is twice in a table, so none that is left out is missed.)"""
    known = min(len(before.facts), len(after.facts))
    if before.facts[:known] != after.facts[:known]:
        return before, after
    pairs = [
        (before.lows, after.lows, PLACE_BYTES), (before.ends, after.ends, PLACE_BYTES),
        (before.widths, after.widths, 1), (before.facts_at, after.facts_at, FACTS_BYTES)]
    begin = min(equal_bytes(one, other) // size for one, other, size in pairs)
    behind = min(
        equal_bytes(one[begin * size:], other[begin * size:], at_end=True) // size
        for one, other, size in pairs)
    return part(before, begin, len(before) - behind), part(after, begin, len(after) - behind)


def part(of: BinRanges, begin: int, end: int) -> BinRanges:
    """The ranges from one number to before another."""
    places = slice(begin * PLACE_BYTES, end * PLACE_BYTES)
    facts = slice(begin * FACTS_BYTES, end * FACTS_BYTES)
    return BinRanges(
        of.lows[places], of.ends[places], of.widths[begin:end], of.facts_at[facts], of.facts)


def equal_bytes(one: bytes, other: bytes, at_end: bool = False) -> int:
    """How many, from the beginning or at the end."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if at_end:
            is_equal = one[-middle:len(one) - least] == other[-middle:len(other) - least]
        else:
            is_equal = one[least:middle] == other[least:middle]
        if is_equal:
            least = middle
        else:
            most = middle - 1
    return least


def fingerprints(ranges: BinRanges, numbers: dict[BinFacts, int]) -> list[int]:
    """Of each range one number of 64 bits: of two million, two differ and look alike once in ten
    million comparisons, and the price would be a count in the log that is wrong by one."""
    common = [numbers.setdefault(one, len(numbers)) for one in ranges.facts]
    facts = map(common.__getitem__, ranges.facts_numbers())
    return list(map(hash, zip(ranges.edges(), ranges.widths, facts, strict=True)))
