"""Requests that are not even sent: an operator says so, or the issuer's lines and silences do."""

from tests.builders import purchase
from tests.switching.desk import Desk, bank
from tests.switching.standing import desk, lending, limited

HARD_TO_REACH = 1_000  # approvals, so that no limit is met here


def a_desk() -> Desk:
    return desk(limits=limited(count_max=HARD_TO_REACH, total_max_minor=10**9))


class Shop:
    """Buys with a new number each time."""

    def __init__(self, one: Desk) -> None:
        self.desk = one
        self.terminal = one.terminal(answer_within_s=10.0)
        self.number = 0

    def buys(self, **changed: str | None) -> None:
        self.number += 1
        self.desk.arrive(self.terminal, purchase(stan=f"{self.number:06d}", **changed))

    @property
    def requests(self) -> int:
        """That reached the issuer."""
        return self.desk.wire().mtis.count("0100")


def silenced(one: Desk) -> Shop:
    """Four requests without an answer: from now on nothing is sent."""
    shop = Shop(one)
    for _ in range(4):
        shop.buys()
    one.pass_time(6.1)
    assert one.issuers[0].stand_in.because == "silences"
    return shop


def test_on_by_hand_sends_nothing() -> None:
    """What is not covered hears 91 at once: the bank is being worked on."""
    one = a_desk()
    one.conductor.stand_in(one.issuers[0], "on")
    shop = Shop(one)
    shop.buys()
    shop.buys(processing_code="310000")
    assert shop.terminal.codes == ["00", "91"]
    assert shop.requests == 0
    one.settle()
    (advice,) = (m for m in one.wire().sent if m.mti == "0120")
    assert advice.text(60) == "1000"


def test_off_by_hand_stands_in_for_nobody() -> None:
    one = a_desk()
    one.conductor.stand_in(one.issuers[0], "off")
    shop = Shop(one)
    shop.buys()
    one.pass_time(6.1)
    one.line_falls()
    shop.buys()
    assert shop.terminal.codes == ["91", "91"]


def test_an_operators_word_survives_a_restart() -> None:
    one = a_desk()
    one.conductor.stand_in(one.issuers[0], "on")
    one.settle()
    one = one.restarted(lending())
    assert one.issuers[0].stand_in.mode == "on"
    one.conductor.stand_in(one.issuers[0], "auto")
    one.settle()
    assert one.restarted(lending()).issuers[0].stand_in.mode == "auto"


def test_what_was_said_of_an_issuer_that_is_gone_is_no_alarm() -> None:
    """It is carried for ever, and owes nobody anything."""
    one = a_desk()
    one.conductor.stand_in(one.issuers[0], "on")
    one.settle()
    one = one.restarted(bank("bahia"))
    assert one.watcher.alarms == []
    assert one.issuers[0].stand_in.mode == "auto"


def test_silences_take_over() -> None:
    """The acquirer does not wait for the timeout any more."""
    shop = silenced(a_desk())
    shop.buys()
    assert shop.terminal.codes == ["00"] * 5
    assert shop.requests == 4


def test_few_silences_among_answers_do_not() -> None:
    one = a_desk()
    shop = Shop(one)
    for _ in range(5):
        shop.buys()
        one.answer(one.wire().sent[-1], "51")
    for _ in range(4):
        shop.buys()
    one.pass_time(6.1)
    assert one.issuers[0].stand_in.because == ""


def test_silences_of_long_ago_do_not() -> None:
    one = a_desk()
    shop = Shop(one)
    for _ in range(3):
        shop.buys()
    one.pass_time(30.0)
    shop.buys()
    one.pass_time(6.1)
    assert one.issuers[0].stand_in.because == ""


def test_trials_go_out_and_so_many_answers_give_back() -> None:
    """One request in five seconds; a silent one begins the count anew."""
    one = a_desk()
    shop = silenced(one)
    for answers in ([True, True], [False], [True, True, True]):
        for answered in answers:
            before = shop.requests
            one.pass_time(5.1)
            shop.buys()
            shop.buys()
            assert shop.requests == before + 1
            if answered:
                trial = [m for m in one.wire().sent if m.mti == "0100"][-1]
                one.answer(trial, "00")
            else:
                one.pass_time(6.1)
            assert one.issuers[0].stand_in.is_first == (shop.requests < 4 + 6)
    shop.buys()
    shop.buys()
    assert shop.requests == 4 + 6 + 2


def test_echoes_and_advices_do_not_heal_a_silence() -> None:
    """A bank may answer both and no request."""
    one = a_desk()
    silenced(one)
    for _ in range(10):
        one.conductor.heard(one.issuers[0].lines[0])
        one.answer([m for m in one.wire().sent if m.mti[:3] in ("042", "012")][-1], "00")
    assert one.issuers[0].stand_in.because == "silences"


def test_the_last_line_that_falls_takes_over_and_good_echoes_give_back() -> None:
    """The sign-on is the first good answer; three are asked for."""
    one = Desk(lending(bank("atlas", lines=2)))
    state = one.issuers[0].stand_in
    one.line_falls(0)
    assert not state.is_first
    one.line_falls(1)
    assert state.reason == "lines"
    one.line_returns(0)
    shop = Shop(one)
    shop.buys()
    assert shop.requests == 0
    one.conductor.heard(one.issuers[0].lines[0])
    assert state.is_first
    one.conductor.heard(one.issuers[0].lines[0])
    assert state.reason == ""
    shop.buys()
    assert shop.requests == 1


def test_a_bank_that_is_back_and_silent_has_silences_to_make_good() -> None:
    """Its lines are up, the trial gets no answer: echoes count no more."""
    one = a_desk()
    state = one.issuers[0].stand_in
    one.line_falls()
    one.line_returns()
    shop = Shop(one)
    one.pass_time(5.1)
    shop.buys()
    assert shop.requests == 1
    one.pass_time(6.1)
    assert state.because == "silences"
    for _ in range(5):
        one.conductor.heard(one.issuers[0].lines[0])
    assert state.is_first


def test_what_is_not_covered_is_sent_all_the_same() -> None:
    """By itself the stand-in takes only what it may decide."""
    one = a_desk()
    shop = silenced(one)
    shop.buys(processing_code="310000")
    assert shop.requests == 5


def test_an_issuer_that_lends_nothing_never_takes_over() -> None:
    one = Desk(bank("atlas"))
    shop = Shop(one)
    for _ in range(8):
        shop.buys()
    one.pass_time(6.1)
    one.line_falls()
    assert one.issuers[0].stand_in.because == ""
    assert shop.terminal.codes == ["91"] * 8


def test_rules_that_are_taken_away_end_it() -> None:
    """A reload without its table: requests are sent again."""
    one = a_desk()
    shop = silenced(one)
    one.issuers[0].stand_in.use(None)
    shop.buys()
    assert shop.requests == 5
    one.pass_time(6.1)
    assert shop.terminal.codes[-1] == "91"
