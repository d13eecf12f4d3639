"""What the router lets in follows the turns of its loop: less when all are long, more when not."""

from router.switching.admission import Latency, Usual
from router.switching.pressure import LEAST, Pressure
from router.switching.transaction import from_record
from specs.journal_format import Parts

ALLOWED_S = 0.02


def pressed(pressure: Pressure, seconds: float, turn_s: float, began: float = 100.0) -> float:
    """Turns of that length, one after the other; when it ends."""
    now = began
    while now < began + seconds:
        now += turn_s
        pressure.turn_took(turn_s, False, now)
    return now


def let_in(pressure: Pressure, asked: int = 1000) -> int:
    return sum(pressure.lets_in(0) for _ in range(asked))


def test_short_turns_let_everything_in() -> None:
    pressure = Pressure(ALLOWED_S)
    pressed(pressure, 5.0, 0.004)
    assert let_in(pressure) == 1000


def test_long_turns_let_in_less_and_less_but_never_nothing() -> None:
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 0.2, 0.03)
    assert 50 < let_in(pressure) < 500
    pressed(pressure, 5.0, 0.03, now)
    assert let_in(pressure) == 1000 * LEAST


def test_turns_longer_than_the_time_looked_at_count_too() -> None:
    """Half a second each: the worst of all, and seen after two of them."""
    pressure = Pressure(ALLOWED_S)
    pressed(pressure, 3.0, 0.5)
    assert pressure.share < 0.1


def test_one_short_turn_among_long_ones_says_that_there_is_time() -> None:
    """Noise of the machine: some turns are long, not all of them."""
    pressure = Pressure(ALLOWED_S)
    now = 100.0
    for number in range(400):
        took_s = 0.002 if number % 3 == 0 else 0.03
        now += took_s
        pressure.turn_took(took_s, False, now)
    assert pressure.share == 1.0


def test_a_single_stop_of_the_world_changes_nothing() -> None:
    """A second without a turn, and then the next ones are short."""
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 1.0, 0.002)
    pressure.turn_took(1.0, False, now + 1.0)
    pressed(pressure, 1.0, 0.002, now + 1.0)
    assert pressure.share == 1.0


def test_disk_or_hsm_that_fall_behind_press_as_well() -> None:
    """Turns are short, because the router waits; but only when they are behind all the time."""
    pressure = Pressure(ALLOWED_S)
    for number in range(500):
        pressure.turn_took(0.001, number % 4 > 1, 100.0 + number * 0.01)
    assert pressure.share == 1.0
    for number in range(100):
        pressure.turn_took(0.001, True, 105.0 + number * 0.01)
    assert pressure.share < 0.3


def test_what_is_usual_is_found_by_itself() -> None:
    """20 ms at the disk are usual here; 100 are slow, and after some minutes are usual, too."""
    latency, owner = Latency(), from_record(Parts().about("0100"), 100.0)
    now = 100.0

    def served(times: int, took_s: float) -> None:
        nonlocal now
        for _ in range(times):
            latency.began(owner, now)
            now += took_s
            latency.ended(now)

    served(100, 0.02)
    assert not latency.is_slow(now, 0.01)
    served(50, 0.1)
    assert latency.is_slow(now, 0.01)
    served(3000, 0.1)
    assert not latency.is_slow(now, 0.01)
    assert not latency.is_slow(now, 1.0)
    latency.began(owner, now)
    assert latency.is_slow(now + 1.0, 0.01)  # and what does not answer at all is slow at once


def test_what_is_usual_is_not_what_an_overload_begins_with() -> None:
    """It falls within a second and rises in minutes, under pressure more slowly still."""
    usual, now = Usual(), 100.0

    def served(seconds: float, took_s: float, is_pressed: bool = False) -> None:
        nonlocal now
        for _ in range(int(seconds / 0.01)):
            for _ in range(20):
                usual.took(took_s)
            now += 0.01
            usual.look(now, is_pressed)

    served(1.0, 0.02)
    assert usual.times == 1.0
    served(1.0, 0.004)
    assert 0.004 <= usual.usually_s < 0.0041
    for is_pressed in (False, True):
        served(5.0, 0.04, is_pressed)
        assert 9.0 < usual.times <= 10.0
    served(120.0, 0.008, is_pressed=True)
    assert usual.times > 1.5
    served(120.0, 0.008)
    assert usual.times < 1.1


def test_what_is_short_anyhow_is_never_long() -> None:
    """Half a millisecond, and then two: nobody waits for that."""
    usual = Usual()
    for took_s in (0.0005, 0.002):
        for number in range(1000):
            usual.took(took_s)
            usual.look(100.0 + number, is_pressed=True)
    assert usual.times == 1.0


def test_the_more_too_long_it_takes_the_more_is_taken_of_the_share() -> None:
    taken = []
    for times_usual in (2.1, 2.5, 9.0):
        pressure = Pressure(ALLOWED_S)
        now = pressed(pressure, 0.2, 0.03)
        before = pressure.share
        for _ in range(6):
            now += 0.01
            pressure.turn_took(0.001, False, now, times_usual)
        taken.append(pressure.share / before)
    assert 1.0 > taken[0] > taken[1] > taken[2] > 0.5


def test_it_opens_again_by_itself() -> None:
    """With short turns, or with none because nobody asks any more."""
    for rests in (False, True):
        pressure = Pressure(ALLOWED_S)
        now = pressed(pressure, 3.0, 0.03)
        assert pressure.share < 0.1
        for tick in range(400):
            if rests:
                pressure.rests(now + tick * 0.05)
        if not rests:
            pressed(pressure, 20.0, 0.004, now)
        assert pressure.share == 1.0


def test_it_opens_sooner_where_all_is_calm() -> None:
    """Turns of half what is allowed, and what is let in takes as long as ever: it is over."""
    calm, busy = Pressure(ALLOWED_S), Pressure(ALLOWED_S)
    for pressure in (calm, busy):
        now = pressed(pressure, 1.0, 0.03)
        pressed(pressure, 3.0, 0.002 if pressure is calm else 0.015, now)
    assert calm.share == 1.0
    assert busy.share < 0.5


def test_under_pressure_no_more_are_inside_than_are_done_in_a_few_turns() -> None:
    """A thousand a second are done: eighty of them in four turns of twenty milliseconds."""
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 0.3, 0.03)
    for _ in range(200):
        now += 0.05
        pressure.done(50, now)
    assert pressure.share < 1.0
    assert [any(pressure.lets_in(inside) for _ in range(100)) for inside in (0, 75, 85)] == [
        True, True, False,
    ]  # fmt: skip


def test_what_takes_longer_than_usual_stops_the_share_from_growing_and_then_takes_of_it() -> None:
    """Turns are short, and all the same a queue begins."""
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 0.2, 0.03)
    shares = [pressure.share]
    for times_usual in (1.0, 1.7, 3.0, 1.0):
        for _ in range(10):
            now += 0.01
            pressure.turn_took(0.001, False, now, times_usual)
        shares.append(pressure.share)
    begun, grown, held, less, again = shares
    assert begun < grown == held
    assert less < held
    assert less < again


def test_without_pressure_nothing_is_turned_away_because_it_takes_long() -> None:
    pressure = Pressure(ALLOWED_S)
    for number in range(100):
        pressure.turn_took(0.001, False, 100.0 + number * 0.01, 5.0)
    assert let_in(pressure) == 1000
