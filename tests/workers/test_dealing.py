"""What former workers knew, dealt to those of another number."""
from pathlib import Path
from typing import Final

from router.net.handover import deal
from router.net.roster import Roster
from specs.journal_format import NumberGiven, Record, StandInMode, StoodIn, Stored
from tests.net import journal_records as records

ROSTER: Final = Roster(("1", "2"), {"medina": 0, "corniche": 1}, {}, 3)
LOW, HIGH = "000017", "500017"


def of(acquirer: str, stan: str) -> list[Record]:
    """A request that was answered, and its stored reversal."""
    about = records.about(stan).parts._replace(acquirer=acquirer).about("0100")
    went, stored = records.forwarded(stan), records.stored(stan)
    return [
        type(went)(about, went.issuer, went.line, went.outbound),
        Stored(stored.id, about, "atlas", "", stored.message, None, False),
    ]


def dealt(known: list[Record]) -> tuple[list[list[Record]], dict[str, set[str]]]:
    shares: list[list[Record]] = [[], []]
    held: dict[str, set[str]] = {}
    deal(known, ROSTER, shares, held)
    return shares, held


def test_a_request_and_all_about_it_goes_to_its_acquirers_worker() -> None:
    """In the order it was written; an entry's end follows its entry."""
    medina, corniche = of("medina", LOW), of("corniche", HIGH)
    ends: list[Record] = [records.ended(HIGH)]
    shares, held = dealt([*medina, *corniche, *ends])
    assert shares[0][:2] == medina
    assert shares[1][:3] == [*corniche, *ends]
    assert held == {}


def test_an_open_entrys_number_outside_its_owners_part_is_held() -> None:
    """Its neighbour would give it to a request else."""
    _, held = dealt([*of("medina", HIGH), *of("corniche", LOW)])
    assert held == {"atlas": {HIGH, LOW}}


def test_what_holds_for_everybody_is_everybodys() -> None:
    """An operator's switch and the counters of cards; of last numbers, whose part they are in."""
    mode, counted = StandInMode("atlas", "on", 1), StoodIn("atlas", "95", b"", 9, 1, 100, -1)
    shares, _ = dealt([mode, counted, NumberGiven("atlas", "0115120000", HIGH)])
    assert shares[0] == [mode, counted]
    assert shares[1] == [mode, counted, NumberGiven("atlas", "0115120000", HIGH)]


def test_the_first_row_of_a_new_journal_is_what_a_start_reads(tmp_path: Path) -> None:
    """And the next, too: nothing of it is lost when rows follow."""
    past = [*of("medina", LOW), *of("corniche", HIGH)]
    file = records.opened(tmp_path)
    assert records.replayed(file) == []
    file.begin_with_past(past)
    file.close()
    assert [one for group in records.read(tmp_path) for one in group] == past
    records.write(tmp_path, [records.answered("000018")])
    again = [one for group in records.read(tmp_path) for one in group]
    assert again[: len(past)] == past
