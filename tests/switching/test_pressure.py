"""What the router lets in follows the turns of its loop: less when all are long, more when not."""

from router.switching.pressure import LEAST, Pressure

ALLOWED_S = 0.02


def pressed(pressure: Pressure, seconds: float, turn_s: float, began: float = 100.0) -> float:
    """Turns of that length, one after the other; when it ends."""
    now = began
    while now < began + seconds:
        now += turn_s
        pressure.turn_took(turn_s, now)
    return now


def let_in(pressure: Pressure, asked: int = 1000) -> int:
    return sum(pressure.lets_in() for _ in range(asked))


def test_short_turns_let_everything_in() -> None:
    pressure = Pressure(ALLOWED_S)
    pressed(pressure, 5.0, 0.004)
    assert let_in(pressure) == 1000


def test_long_turns_let_in_less_and_less_but_never_nothing() -> None:
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 0.5, 0.03)
    assert 100 < let_in(pressure) < 500
    pressed(pressure, 5.0, 0.03, now)
    assert let_in(pressure) == 1000 * LEAST


def test_one_short_turn_among_long_ones_says_that_there_is_time() -> None:
    """Noise of the machine: some turns are long, not all of them."""
    pressure = Pressure(ALLOWED_S)
    now = 100.0
    for number in range(400):
        took_s = 0.002 if number % 3 == 0 else 0.03
        now += took_s
        pressure.turn_took(took_s, now)
    assert pressure.share == 1.0


def test_a_single_stop_of_the_world_changes_nothing() -> None:
    """A second without a turn, and then the next ones are short."""
    pressure = Pressure(ALLOWED_S)
    now = pressed(pressure, 1.0, 0.002)
    pressure.turn_took(1.0, now + 1.0)
    pressed(pressure, 1.0, 0.002, now + 1.0)
    assert pressure.share == 1.0


def test_it_opens_again_by_itself() -> None:
    """With short turns, or with none because nobody asks any more."""
    for rests in (False, True):
        pressure = Pressure(ALLOWED_S)
        now = pressed(pressure, 3.0, 0.03)
        assert pressure.share < 0.1
        for tick in range(200):
            if rests:
                pressure.rests(now + tick * 0.05)
        if not rests:
            pressed(pressure, 10.0, 0.004, now)
        assert pressure.share == 1.0
