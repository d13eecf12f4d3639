"""How a card would be routed, as a list of steps with their reasons. The router's own table and
rules decide; this only says what they saw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from noyau.stand_in_step import stand_in_words
from router.net.settings import AcquirerSettings, IssuerSettings, PinKeySettings, Settings
from router.switching.bin_ranges import limits
from router.switching.format_check import PAN_DIGITS_MIN, is_card_number
from router.switching.response_codes import ResponseCode
from router.switching.routing import BinRange, BinRanges, deciding
from router.wire.pan import Pan

RANGES_SHOWN_MAX: Final = 10
BLOCK_FORMATS: Final = {"01": "ISO-0", "05": "ISO-1", "47": "ISO-3", "48": "ISO-4"}
BIN_DIGITS_MAX: Final = PAN_DIGITS_MIN - 1


@dataclass(frozen=True, slots=True)
class Step:
    """One question that the router asks, and its answer for this card."""

    step: str
    result: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All steps until the card is sent to its issuer, or refused with a code."""

    card: str  # masked
    steps: tuple[Step, ...]
    issuer: str = ""  # empty: refused
    region: str = ""
    response_code: str = ""  # of the refusal


def explained(digits: str, settings: Settings) -> Explanation:
    """Of a whole PAN, or of the 6 to 11 digits it begins with."""
    is_bin = len(digits) <= BIN_DIGITS_MAX
    card = digits if is_bin else str(Pan(digits))
    steps = [format_step(digits, is_bin)]
    if not is_bin and not is_card_number(digits):
        return Explanation(card, tuple(steps), response_code=ResponseCode.INVALID_CARD)
    # Of a BIN only what holds all its cards can decide; ranges inside it are told beside that.
    held = holding(digits, settings.bins)
    decides = deciding(held, digits)
    steps.append(table_step(digits, settings.bins, held, decides))
    if decides is None:
        return Explanation(card, tuple(steps), response_code=ResponseCode.NO_ROUTE)
    if not decides.issuer:
        return Explanation(card, tuple(steps), response_code=ResponseCode.NO_SUCH_ISSUER)
    issuer = next(one for one in settings.issuers if one.name == decides.issuer)
    steps += [
        issuer_step(issuer, decides),
        e_commerce_step(decides),
        lines_step(issuer),
        *(pin_step(acquirer, issuer) for acquirer in settings.acquirers),
        Step("stand-in", *stand_in_words(decides, "" if is_bin else digits, settings)),
    ]
    return Explanation(card, tuple(steps), issuer.name, issuer.region)


def format_step(digits: str, is_bin: bool) -> Step:
    """Length and check digit (docs/response-codes.md)."""
    if is_bin:
        reason = f"{len(digits)} digits: the beginning of a PAN, no check digit to look at"
        return Step("format", "a BIN", (reason,))
    if is_card_number(digits):
        return Step("format", "a card number", (f"{len(digits)} digits, the Luhn digit is right",))
    right = [last for last in "0123456789" if is_card_number(digits[:-1] + last)]
    reasons = (f"the last digit would have to be {right[0]}",) if right else ()
    return Step("format", "14, invalid card number: the Luhn digit is wrong", reasons)


def table_step(
    digits: str, ranges: BinRanges, held: Sequence[BinRange], decides: BinRange | None
) -> Step:
    """The longest match, then the higher priority (step 6)."""
    found = sorted(
        held, key=lambda one: (one is decides, len(one.first), one.priority), reverse=True
    )
    reasons = [f"{described(one)}{why_not(one, decides)}" for one in found[:RANGES_SHOWN_MAX]]
    inside = beginning_with(digits, ranges)
    if inside:
        where = ", ".join(span(one) for one in inside[:RANGES_SHOWN_MAX])
        more = f" and {len(inside) - RANGES_SHOWN_MAX} more" * (len(inside) > RANGES_SHOWN_MAX)
        reasons.append(f"but ranges inside it decide about their own cards: {where}{more}")
    if decides is None:
        reasons.insert(0, f"none of the {len(ranges)} ranges of bins.csv holds it")
        return Step("BIN table", "92, unable to route", tuple(reasons))
    if not decides.issuer:
        return Step("BIN table", "15, no such issuer: known as unassigned", tuple(reasons))
    return Step("BIN table", f"issuer {decides.issuer}", tuple(reasons))


def holding(digits: str, ranges: BinRanges) -> list[BinRange]:
    """The ranges that hold every card beginning with these digits."""
    low, end = limits(digits)
    edges = enumerate(ranges.edges())
    return [ranges[at] for at, edge in edges if edge[0] <= low and end <= edge[1]]


def beginning_with(digits: str, ranges: BinRanges) -> list[BinRange]:
    """The ranges that hold some of them, and not all."""
    low, end = limits(digits)
    some = [(at, edge) for at, edge in enumerate(ranges.edges()) if edge[0] < end and low < edge[1]]
    return [ranges[at] for at, edge in some if not (edge[0] <= low and end <= edge[1])]


def why_not(one: BinRange, decides: BinRange | None) -> str:
    """Of a range that holds the card."""
    if decides is None or one is decides:
        return ": decides" if one is decides else ""
    if len(one.first) < len(decides.first):
        return f": shorter than {len(decides.first)} digits"
    return f": priority below {decides.priority}"


def described(one: BinRange) -> str:
    """A range with what ranks it."""
    issuer = one.issuer or "unassigned"
    return f"{span(one)} -> {issuer} ({len(one.first)} digits, priority {one.priority})"


def span(one: BinRange) -> str:
    """From its first digits to its last; whole PANs masked."""
    first, last = (
        str(Pan(edge)) if len(edge) > BIN_DIGITS_MAX else edge for edge in (one.first, one.last)
    )
    return first if one.first == one.last else f"{first} to {last}"


def issuer_step(issuer: IssuerSettings, decides: BinRange) -> Step:
    """Who it is, and what is known of the card."""
    known = ", ".join(word for word in (decides.brand, decides.product, decides.country) if word)
    return Step(
        "issuer",
        f"{issuer.name}, {issuer.region}",
        (
            f"card: {known or 'nothing more is known'}",
            f"answers within {issuer.issuer_timeout_s:g} s",
        ),
    )


def e_commerce_step(decides: BinRange) -> Step:
    """Purchases on the web."""
    return Step("e-commerce", "open" if decides.e_commerce else "closed: 57 for such a request")


def lines_step(issuer: IssuerSettings) -> Step:
    """Where it would leave."""
    framing = issuer.framing or "the dialect's"
    return Step(
        "lines",
        "the least loaded one that is signed on; none: 91",
        (
            ", ".join(str(address) for address in issuer.lines),
            f"dialect {issuer.dialect}, framing {framing}",
        ),
    )


def pin_step(acquirer: AcquirerSettings, issuer: IssuerSettings) -> Step:
    """From one acquirer's key to this issuer's (step 7)."""
    label = f"PIN from {acquirer.name}"
    source, destination = acquirer.pin_key, issuer.pin_key
    if source is None or destination is None:
        without = acquirer.name if source is None else issuer.name
        return Step(label, f"86: {without} has no pin_key")
    command = "CA" if source.kind == "tpk" else "CC"
    return Step(
        label,
        f"translated by the HSM ({command})",
        tuple(
            f"{word} {key_in_words(key)}" for word, key in (("from", source), ("to", destination))
        ),
    )


def key_in_words(key: PinKeySettings) -> str:
    """By its check value."""
    return f"{key.kind} KCV {key.kcv}, {BLOCK_FORMATS[key.block_format]}"


def lines_of(explanation: Explanation) -> Iterator[str]:
    """For eyes."""
    yield f"{explanation.card}"
    for number, step in enumerate(explanation.steps, start=1):
        yield f"{number:2}. {step.step}: {step.result}"
        for reason in step.reasons:
            yield f"      {reason}"
    if explanation.response_code:
        yield f"Refused by the router: {explanation.response_code}."
    else:
        yield f"Sent to {explanation.issuer} ({explanation.region})."
