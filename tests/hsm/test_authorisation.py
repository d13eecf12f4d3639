"""Authorised state and the counters of wrong PINs, on a clock of the test."""
from dataclasses import replace

import pytest

from hsm_emulator.authorisation import (
    ACTIVITIES_MAX,
    Authorisations,
    NotAuthorised,
)
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import Device
from hsm_emulator.operators import NotProved, Operator, Operators, Proof, password_hash
from hsm_emulator.pin_failures import PinFailureLimits, PinFailures
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import LEGACY, STRICT
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, PVK, ZMK, ZPK, Z
from tests.hsm.peer import Peer, device


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_activity_is_allowed_for_its_time() -> None:
    """Then it is not; asking does not prolong it."""
    clock = Clock()
    given = Authorisations(clock)
    given.authorise("Export", ("amina", "brahim"), 60)
    assert given.is_authorised("export.001")
    clock.now += 59.9
    assert given.is_authorised("export")
    clock.now += 0.1
    assert not given.is_authorised("export")
    assert given.in_force() == []


def test_a_part_does_not_allow_the_whole() -> None:
    """`export.001` is not `export`, nor `export.0011`."""
    given = Authorisations(Clock())
    given.authorise("export.001", ("amina", "brahim"), 60)
    assert given.is_authorised("export.001")
    assert given.is_authorised("export.001.host")
    for other in ("export", "export.002", "export.0011", "import.001", ""):
        assert not given.is_authorised(other)


@pytest.mark.parametrize("operators", [(), ("amina",), ("amina", "amina"), ("amina", ""),
                                       ("amina", "brahim", "chadia")])  # fmt: skip
def test_two_operators_are_two(operators: tuple[str, ...]) -> None:
    """One alone, or the same twice, authorises nothing."""
    given = Authorisations(Clock())
    with pytest.raises(NotAuthorised):
        given.authorise("export", operators, 60)
    assert not given.is_authorised("export")


def test_table_of_activities_is_bounded() -> None:
    """One that has ended makes room."""
    clock = Clock()
    given = Authorisations(clock)
    for number in range(ACTIVITIES_MAX):
        given.authorise(f"export.{number:03d}", ("amina", "brahim"), 60)
    given.authorise("export.000", ("amina", "brahim"), 60)
    with pytest.raises(NotAuthorised):
        given.authorise("import", ("amina", "brahim"), 60)
    clock.now += 61
    given.authorise("import", ("amina", "brahim"), 60)
    assert given.cancel("import") == 1
    assert not given.is_authorised("import")


def test_export_needs_authorised_state_and_legacy_does_not() -> None:
    """A8 of a ZPK out of the variant LMK: 17, then done; the legacy profile has the switch."""
    request = f"A8001{ZMK}{ZPK}U".encode()
    strict = Device(by_identifier(STRICT))
    assert strict.done(request) == b"A917"
    strict.authorisations.authorise("export.001", ("amina", "brahim"), 60)
    assert strict.done(request)[:4] == b"A900"
    strict.authorisations.cancel("*")
    assert strict.done(request) == b"A917"
    assert Device(by_identifier(LEGACY)).done(request)[:4] == b"A900"


def failing(limits: PinFailureLimits) -> tuple[Device, Clock, bytes, bytes]:
    clock = Clock()
    made = Device(by_identifier(), pin_failures=PinFailures(limits, clock))
    rest = f"{PVK}{keys.block('1234', Z)}01{ACCOUNT}1"
    pvk = f"DG{PVK}{{}}{ACCOUNT}1"
    pin = made.done(f"JE{ZPK}{keys.block('1234', Z)}01{ACCOUNT}".encode())[4:].decode()
    right = made.done(pvk.format(pin).encode())[4:].decode()
    wrong = f"{(int(right) + 1) % 10000:04d}"
    return made, clock, f"EC{ZPK}{rest}{right}".encode(), f"EC{ZPK}{rest}{wrong}".encode()


def test_wrong_pins_over_the_limit_stop_all_verification() -> None:
    """39, for a right PIN too, until the minute has passed; the hour's limit then holds longer."""
    made, clock, right, wrong = failing(PinFailureLimits(per_minute=2, per_hour=3))
    assert [made.done(wrong) for _ in range(3)] == [b"ED01", b"ED01", b"ED39"]
    assert made.done(right) == b"ED39"
    clock.now += 60
    assert made.done(right) == b"ED00"
    assert [made.done(wrong) for _ in range(2)] == [b"ED01", b"ED39"]
    clock.now += 60
    assert made.done(right) == b"ED39"
    clock.now += 3600
    assert made.done(right) == b"ED00"


def test_a_day_is_a_limit_too() -> None:
    """And the console begins anew."""
    made, clock, right, wrong = failing(PinFailureLimits(per_day=1))
    assert made.done(wrong) == b"ED01"
    clock.now += 86_000
    assert made.done(right) == b"ED39"
    made.pin_failures.reset()
    assert made.done(right) == b"ED00"


def test_without_limits_nothing_is_stopped() -> None:
    """Off until set: a test may send wrong PINs all day."""
    made, _, right, wrong = failing(PinFailureLimits())
    assert {made.done(wrong) for _ in range(50)} == {b"ED01"}
    assert made.done(right) == b"ED00"
    assert made.pin_failures.total == 50


def test_what_is_counted_stays_bounded() -> None:
    """As many instants as the limit, no more."""
    failures = PinFailures(PinFailureLimits(per_minute=3), Clock())
    for _ in range(1000):
        failures.count()
    assert failures.within() == {60: 3}


def test_malformed_requests_are_no_wrong_pins() -> None:
    """Only the judgement counts."""
    made, _, right, _ = failing(PinFailureLimits(per_minute=1))
    assert made.done(right[:-1])[2:4] not in (b"00", b"01")
    assert made.done(right) == b"ED00"


OPERATORS = tuple(Operator(name, password_hash(f"{name}-secret")) for name in ("amina", "brahim"))
AMINA, BRAHIM = Proof("amina", "amina-secret"), Proof("brahim", "brahim-secret")


def test_operators_prove_themselves() -> None:
    """Both names, both passwords; a wrong one is not told apart from an unknown name."""
    people = Operators(OPERATORS, names_suffice=True)
    assert people.proved([AMINA, BRAHIM]) == ("amina", "brahim")
    said = set()
    for proofs in ([AMINA, Proof("brahim", "x")], [AMINA, Proof("chadia", "x")],
                   [AMINA, Proof("brahim")]):  # fmt: skip
        with pytest.raises(NotProved) as refused:
            people.proved(proofs)
        said.add(str(refused.value))
    assert len(said) == 1
    with pytest.raises(NotProved):
        people.proved([AMINA, AMINA])


def test_passwords_cannot_be_tried_at_will() -> None:
    """After five wrong ones in a minute even the right ones wait."""
    clock = Clock()
    people = Operators(OPERATORS, names_suffice=False, clock=clock)
    for _ in range(5):
        with pytest.raises(NotProved, match="wrong"):
            people.proved([AMINA, Proof("brahim", "guess")])
    with pytest.raises(NotProved, match="too many"):
        people.proved([AMINA, BRAHIM])
    clock.now += 60
    assert people.proved([AMINA, BRAHIM])


def test_names_suffice_with_public_keys_only() -> None:
    """Own LMKs without operators: nobody can authorise anything."""
    anyone = [Proof("amina"), Proof("brahim")]
    assert Operators((), names_suffice=True).proved(anyone) == ("amina", "brahim")
    with pytest.raises(NotProved, match="operator"):
        Operators((), names_suffice=False).proved(anyone)


def test_proofs_print_no_password() -> None:
    """Nor does the hash hold it."""
    assert "secret" not in repr(AMINA)
    assert "secret" not in repr(OPERATORS)


def test_tpk_and_pvk_apart() -> None:
    """The switch of PCI: a TPK is 70D then, and one enciphered as 002 deciphers to noise."""
    apart = replace(STRICT, separate_pin_keys=True)
    as_70d, as_002 = under_lmk("70D", keys.K), under_lmk("002", keys.K)
    rest = f"{ZPK}12{keys.block('1234', keys.K)}0101{ACCOUNT}"
    with device(rules=apart) as port:
        peer = Peer(port)
        assert peer.ask(f"CA{as_70d}{rest}")[:4] == b"CB00"
        assert peer.ask(f"CA{as_002}{rest}")[:4] == b"CB10"
        verified = peer.ask(f"EC{ZPK}{PVK}{keys.block('1234', Z)}01{ACCOUNT}11234")
        assert verified in {b"ED00", b"ED01"}  # a PVK stays 002
        peer.close()
    assert Device(by_identifier()).done(f"CA{as_70d}{rest}".encode()) == b"CB10"
