"""One message between the versions of ISO 8583: a table, both ways, each row with what it loses.

Values are canonical texts (specs/rules.py). The hub is 1993: 1987 <-> 1993 <-> 2003. An element
that no row names and that means the same in both versions is carried as it is; any other is left
out, MACs always, because they were made over other bytes. No 2003 dialect is shipped: its rows rest
on public descriptions alone.
"""
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from specs.action_codes import action_code, response_code
from specs.elements import DE
from specs.point_of_service import entry_mode, point_of_service
from specs.rules import Dialect, ElementRule

VERSIONS: Final = (1987, 1993, 2003)
FIRST_DIGIT: Final = {1987: "0", 1993: "1", 2003: "2"}

SAME_1987_1993: Final = frozenset((
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 16, 17, 19, 20, 21, 23, 27, 32, 33, 34, 35, 36, 37, 38, 40,
    41, 42, 43, 44, 45, 47, 48, 49, 50, 51, 52, 54, 55, 59, 60, 61, 62, 63, 67, 68, 69, 73, 74, 75,
    76, 77, 78, 79, 80, 81, 86, 87, 88, 89, 97, 98, 99, 100, 101, 102, 103, 104, *range(112, 128)))
SAME_1993_2003: Final = frozenset((
    2, 3, 7, 14, 16, 17, 19, 20, 21, 23, 24, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 40, 41, 42, 43,
    44, 45, 47, 48, 52, 54, 55, 60, 61, 62, 63, 68, 69, 70, 73, 98, 99, 100, 101, 102, 103, 104))

FUNCTION_CODES: Final = {"1": "100", "2": "200", "4": "400", "8": "831"}
PARTIAL_REVERSAL: Final = "401"
NETWORK_UP: Final = {"001": "801", "002": "802", "061": "801", "062": "802", "071": "801",
                     "072": "802", "161": "811", "162": "811", "101": "811", "201": "821",
                     "270": "831", "301": "831"}
NETWORK_DOWN: Final = {"801": "001", "802": "002", "811": "161", "821": "201", "831": "301"}
STOOD_IN, SILENT = "1003", "4021"  # reasons: issuer unavailable; no response in time


class Draft:
    """A message on its way: rows take elements from `given` and put theirs into `made`."""

    def __init__(self, values: dict[int, str], mti: str, today: date) -> None:
        self.given = dict(values)
        self.made: dict[int, str] = {}
        self.mti = mti
        self.today = today

    @property
    def message_class(self) -> str:
        return self.mti[1:2]

    @property
    def is_response(self) -> bool:
        return self.mti[2:3] in ("1", "3")

    def take(self, element: int) -> str:
        return self.given.pop(element, "")

    def put(self, element: int, text: str) -> None:
        if text:
            self.made[element] = text


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that two versions say differently."""

    what: str
    up: Callable[[Draft], None]
    down: Callable[[Draft], None]
    loses_up: str  # towards the later version
    loses_down: str


def translate(
    values: dict[int, str], mti: str, from_version: int, to_version: int, today: date | None = None
) -> tuple[str, dict[int, str]]:
    """MTI and elements as the other version has them. `today` (UTC) gives dates their year."""
    draft = Draft(values, mti, today or datetime.now(UTC).date())
    start, stop = VERSIONS.index(from_version), VERSIONS.index(to_version)
    for later in range(start + 1, stop + 1):
        _step(draft, TABLES[later - 1], is_up=True)
    for later in range(start, stop, -1):
        _step(draft, TABLES[later - 1], is_up=False)
    return FIRST_DIGIT[to_version] + _without_origin(mti)[1:], draft.given


def losses(from_dialect: Dialect, to_dialect: Dialect) -> list[str]:
    """What cannot be carried from one dialect to another, a sentence each; empty when all can."""
    start, stop = VERSIONS.index(from_dialect.version), VERSIONS.index(to_dialect.version)
    lost: list[str] = []
    for later in range(min(start, stop), max(start, stop)):
        rows, _ = TABLES[later]
        said = [(row.what, row.loses_up if start < stop else row.loses_down) for row in rows]
        lost += [f"{what}: {loses}" for what, loses in said if loses]
    if start != stop:
        lost.append("MACs (DE 64, 128) and elements without a counterpart are left out")
    by_reason: dict[str, list[int]] = {}
    for number, rule in sorted(from_dialect.elements.items()):
        target = to_dialect.elements.get(number)
        reason = "no such element there" if target is None else ""
        if target is not None and start == stop:
            reason = _shorter(rule, target)
        if reason:
            by_reason.setdefault(reason, []).append(number)
    return lost + [f"DE {_ranges(numbers)}: {why}" for why, numbers in by_reason.items()]


def _ranges(numbers: list[int]) -> str:
    """46 to 48, 105 to 127 and so on, in ascending order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs)


def _shorter(rule: ElementRule, target: ElementRule) -> str:
    if target.length_max < rule.length_max:
        return f"at most {target.length_max} there, up to {rule.length_max} here"
    if rule.number in (DE.TRACK_2, DE.TRACK_3) and rule.encoding != target.encoding:
        if target.encoding == "bcd":
            return "the separator = is written D"
        if rule.encoding == "bcd":
            return "the separator D is written ="
    if rule.kind != target.kind and target.encoding == "bcd" and rule.encoding != "bcd":
        return "only digits can be written there"
    return ""


def _step(draft: Draft, table: tuple[tuple[Row, ...], frozenset[int]], is_up: bool) -> None:
    rows, same = table
    for row in rows:
        (row.up if is_up else row.down)(draft)
    for element, text in draft.given.items():
        if element in same:
            draft.made.setdefault(element, text)
    draft.given, draft.made = dict(sorted(draft.made.items())), {}


def _without_origin(mti: str) -> str:
    """Network messages of 1993 often come from "other" (1804, 1814); 1987 has 0800, 0810 alone."""
    return mti[:3] + "0" if mti[1:2] == "8" else mti


def _dates_up(draft: Draft) -> None:
    """DE 12 and 13 into DE 12; DE 15 gets its year."""
    time, day = draft.take(DE.LOCAL_TIME), draft.take(DE.LOCAL_DATE)
    if time:
        day = day or draft.today.strftime("%m%d")
        draft.put(DE.LOCAL_TIME, _with_year(day, draft.today) + time)
    if settled := draft.take(DE.SETTLEMENT_DATE):
        draft.put(DE.SETTLEMENT_DATE, _with_year(settled, draft.today))


def _dates_down(draft: Draft) -> None:
    moment = draft.take(DE.LOCAL_TIME)
    draft.take(DE.LOCAL_DATE)  # 1993: the date from which the card is valid
    draft.put(DE.LOCAL_DATE, moment[2:6])
    draft.put(DE.LOCAL_TIME, moment[6:12])
    draft.put(DE.SETTLEMENT_DATE, draft.take(DE.SETTLEMENT_DATE)[2:])


def _with_year(month_and_day: str, today: date) -> str:
    """YYMMDD of the nearest such day: what is said in December of a day in January lies ahead."""
    year = today.year
    if month_and_day[:2].isdigit():
        months_ahead = int(month_and_day[:2]) - today.month
        year += 1 if months_ahead < -6 else -1 if months_ahead > 6 else 0
    return f"{year % 100:02d}{month_and_day}"


def _merchant_up(draft: Draft) -> None:
    draft.take(DE.PIN_CAPTURE_CODE)
    draft.put(DE.ACCEPTOR_BUSINESS_CODE, draft.take(DE.MERCHANT_TYPE))


def _merchant_down(draft: Draft) -> None:
    code = draft.take(DE.ACCEPTOR_BUSINESS_CODE) or draft.given.get(DE.MERCHANT_TYPE, "")
    draft.take(DE.MERCHANT_TYPE)
    draft.put(DE.MERCHANT_TYPE, code)


def _entry_up(draft: Draft) -> None:
    mode, condition = draft.take(DE.ENTRY_MODE), draft.given.get(DE.CONDITION_CODE, "")
    if mode:
        draft.put(DE.ENTRY_MODE, point_of_service(mode, condition))


def _entry_down(draft: Draft) -> None:
    if said := draft.take(DE.ENTRY_MODE):
        mode, condition = entry_mode(said)
        draft.put(DE.ENTRY_MODE, mode)
        draft.put(DE.CONDITION_CODE, condition)


def _function_up(draft: Draft) -> None:
    """DE 24 and 25 from what 1987 says with MTI, DE 70 and DE 95."""
    draft.take(DE.NETWORK_ID)
    draft.take(DE.CONDITION_CODE)
    network = draft.take(DE.NETWORK_CODE)
    code = FUNCTION_CODES.get(draft.message_class, "")
    if draft.message_class == "8":
        code = NETWORK_UP.get(network, code)
    elif draft.message_class == "4" and DE.REPLACEMENT_AMOUNTS in draft.given:
        code = PARTIAL_REVERSAL
    draft.put(DE.FUNCTION_CODE, code)
    if not draft.is_response and draft.mti[2:3] == "2":
        draft.put(DE.MESSAGE_REASON, SILENT if draft.message_class == "4" else STOOD_IN)


def _function_down(draft: Draft) -> None:
    code = draft.take(DE.FUNCTION_CODE)
    draft.take(DE.MESSAGE_REASON)
    draft.take(DE.NETWORK_CODE)  # 1993: a country
    if draft.message_class == "8":
        draft.put(DE.NETWORK_CODE, NETWORK_DOWN.get(code, "301"))


def _code_up(draft: Draft) -> None:
    if code := draft.take(DE.RESPONSE_CODE):
        draft.put(DE.RESPONSE_CODE, action_code(code, draft.message_class))


def _code_down(draft: Draft) -> None:
    if code := draft.take(DE.RESPONSE_CODE):
        draft.put(DE.RESPONSE_CODE, response_code(code))


def _original_up(draft: Draft) -> None:
    """MTI, STAN, DE 7, acquirer, forwarder become MTI, STAN, local time, acquirer."""
    said = draft.take(DE.ORIGINAL_DATA)
    if len(said) == 42:
        acquirer = said[20:31].lstrip("0")
        moment = _with_year(said[10:14], draft.today) + said[14:20]
        draft.put(DE.ORIGINAL_DATA_1993,
                  "1" + said[1:10] + moment + f"{len(acquirer):02d}{acquirer}")
    else:
        draft.take(DE.ORIGINAL_DATA_1993)


def _original_down(draft: Draft) -> None:
    said = draft.take(DE.ORIGINAL_DATA_1993)
    draft.take(DE.ORIGINAL_DATA)
    if len(said) >= 22:
        draft.put(DE.ORIGINAL_DATA, "0" + said[1:10] + said[12:22] + said[24:].zfill(11) + "0" * 11)


def _partial_up(draft: Draft) -> None:
    """1987 keeps the original amount in DE 4 and says the new one in DE 95; 1993 the reverse."""
    replaced, amount = draft.take(DE.REPLACEMENT_AMOUNTS), draft.given.get(DE.AMOUNT, "")
    draft.take(DE.ORIGINAL_AMOUNTS)  # 1987: a fee
    if len(replaced) >= 12 and amount:
        draft.take(DE.AMOUNT)
        draft.put(DE.AMOUNT, replaced[:12])
        draft.put(DE.ORIGINAL_AMOUNTS, amount + "0" * 12)


def _partial_down(draft: Draft) -> None:
    original, amount = draft.take(DE.ORIGINAL_AMOUNTS), draft.given.get(DE.AMOUNT, "")
    draft.take(DE.REPLACEMENT_AMOUNTS)  # 1993: issuer's reference data
    if draft.message_class == "4" and len(original) == 24 and amount and original[:12] != amount:
        draft.take(DE.AMOUNT)
        draft.put(DE.AMOUNT, original[:12])
        draft.put(DE.REPLACEMENT_AMOUNTS, amount + "0" * 12 + "D00000000" * 2)


def _sizes_2003_up(draft: Draft) -> None:
    for element in (DE.LOCAL_TIME, DE.SETTLEMENT_DATE):
        if said := draft.take(element):
            draft.put(element, "20" + said)
    if stan := draft.take(DE.STAN):
        draft.put(DE.STAN, stan.zfill(12))
    amount, currency = draft.take(DE.AMOUNT), draft.take(DE.CURRENCY)
    if amount:
        draft.put(DE.AMOUNT, (currency if currency.isdigit() else "000").zfill(3) + "2" + amount)
    if original := draft.take(DE.ORIGINAL_DATA_1993):
        draft.put(DE.ORIGINAL_DATA_1993, "2" + original[1:4] + original[4:10].zfill(12)
                  + "20" + original[10:])
    if code := draft.take(DE.RESPONSE_CODE):
        draft.put(DE.RESPONSE_CODE, code[:1] + "0" + code[1:])


def _sizes_2003_down(draft: Draft) -> None:
    for element in (DE.LOCAL_TIME, DE.SETTLEMENT_DATE):
        draft.put(element, draft.take(element)[2:])
    draft.put(DE.STAN, draft.take(DE.STAN)[-6:])
    if amount := draft.take(DE.AMOUNT):
        draft.put(DE.AMOUNT, amount[-12:])
        draft.put(DE.CURRENCY, amount[:3])
    if original := draft.take(DE.ORIGINAL_DATA_1993):
        draft.put(DE.ORIGINAL_DATA_1993, "1" + original[1:4] + original[10:16] + original[18:])
    if code := draft.take(DE.RESPONSE_CODE):
        draft.put(DE.RESPONSE_CODE, code[:1] + code[2:])


# Rows that read an element another row takes stand first.
ROWS_1987_1993: Final = (
    Row("DE 39, response code and action code", _code_up, _code_down,
        "codes without a counterpart become the nearest (unknown ones 100)",
        "about forty codes become the nearest in two digits"),
    Row("DE 22, entry mode and point of service data", _entry_up, _entry_down,
        "contactless and electronic commerce are only told by DE 25 and the cardholder's presence",
        "capabilities of the terminal, its environment and output"),
    Row("DE 24, 25 and 70, function and reason", _function_up, _function_down,
        "the network identifier; the condition code but for the cardholder's presence; which of"
        " 161 and 162 was meant",
        "the function code but for network messages; the message reason"),
    Row("DE 4, 30 and 95, a reversal of a part", _partial_up, _partial_down,
        "fees in DE 95; DE 30 of 1987", "original amounts outside reversals"),
    Row("DE 12, 13 and 15, local time and dates", _dates_up, _dates_down,
        "nothing (the year is the nearest)", "the year; the date from which the card is valid"),
    Row("DE 18 and 26, merchant type", _merchant_up, _merchant_down,
        "the PIN capture code (DE 26)", ""),
    Row("DE 90 and 56, the original of a reversal", _original_up, _original_down,
        "the forwarder; DE 56 gets the transmission time, not the local one",
        "DE 90 gets the local time where it should have the transmission time"),
)
ROWS_1993_2003: Final = (
    Row("sizes of DE 4, 11, 12, 15, 39 and 56", _sizes_2003_up, _sizes_2003_down,
        "DE 22; a currency with other than two decimals", "DE 22; STANs beyond six digits"),
)
TABLES: Final = ((ROWS_1987_1993, SAME_1987_1993), (ROWS_1993_2003, SAME_1993_2003))
