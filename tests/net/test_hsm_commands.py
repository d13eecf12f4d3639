"""The table of commands that wait for the HSM: numbers, places, deadlines."""

from router.net.hsm_commands import Commands, Waiting


def begun(commands: Commands, at: float) -> Waiting:
    return commands.begin(b"CA", at, at + 1.0)


def test_an_answer_finds_its_command_once() -> None:
    commands = Commands(4)
    one, other = begun(commands, 0.0), begun(commands, 0.0)
    numbers = one.number, other.number
    assert commands.answered(numbers[1]) is other
    assert commands.answered(numbers[1]) is None
    assert commands.answered(numbers[0]) is one
    assert commands.count == 0


def test_no_more_wait_than_allowed() -> None:
    commands = Commands(2)
    begun(commands, 0.0)
    assert not commands.is_full
    last = begun(commands, 0.0)
    assert commands.is_full
    commands.answered(last.number)
    assert not commands.is_full


def test_a_late_answer_is_not_that_of_the_command_in_its_place() -> None:
    """Places are used again, numbers are not: else a transaction got another's PIN block."""
    commands = Commands(2)
    late = begun(commands, 0.0).number
    assert len(commands.due(2.0)) == 1
    later = {begun(commands, 2.0).number for _ in range(2)}
    assert commands.answered(late) is None
    for _ in range(80):
        later = {begun(commands, 2.0).number for number in later if commands.answered(number)}
        assert commands.answered(late) is None
    assert commands.count == 2


def test_one_that_waits_long_keeps_its_place() -> None:
    commands = Commands(3)
    first = begun(commands, 0.0)
    number = first.number
    for at in range(200):
        assert commands.answered(begun(commands, at / 1000).number) is not None
    assert commands.answered(number) is first


def test_places_come_as_they_are_wanted() -> None:
    """Who waits meanwhile is found under its number, and falls due in its turn."""
    commands = Commands(1_000)
    numbers = [begun(commands, at / 1000).number for at in range(1_000)]
    assert commands.is_full
    assert len(set(numbers)) == 1_000
    for number in numbers[::2]:
        waiting = commands.answered(number)
        assert waiting is not None
        assert waiting.number == number
    assert [one.number for one in commands.due(3.0)] == numbers[1::2]


def test_those_that_are_due_come_in_their_order_and_are_taken_out_for_good() -> None:
    """What is told of the first begins another command: it gets no place of the others."""
    commands = Commands(4)
    numbers = [begun(commands, at).number for at in (0.0, 0.1, 0.2, 1.2)]
    assert commands.answered(numbers[1]) is not None
    late = commands.due(1.3)
    assert [one.number for one in late] == [numbers[0], numbers[2]]
    assert all(begun(commands, 1.3) not in late for _ in range(3))
    assert [one.number for one in commands.due(2.25)] == [numbers[3]]
    assert len(commands.all()) == 3
    assert commands.count == 0


def test_numbers_begin_again_after_the_last() -> None:
    commands = Commands(4)
    commands.go_on_behind(2 ** 24 - 3)
    begun_numbers = [begun(commands, 0.0).number for _ in range(4)]
    assert begun_numbers == [2 ** 24 - 2, 2 ** 24 - 1, 0, 1]
    assert [one.number for one in commands.due(9.0)] == begun_numbers
