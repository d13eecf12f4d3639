"""The audit log: what is written stays written, or it shows."""
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hsm_emulator.audit import AuditBroken, AuditLog, checked, older_files
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier


def clock() -> Callable[[], str]:
    seconds = itertools.count()
    return lambda: f"2026-11-24T00:00:{next(seconds):02d}.000Z"


def filled(path: Path, lines: int = 5, file_bytes_max: int = 100_000) -> AuditLog:
    log = AuditLog(path, file_bytes_max, clock())
    for number in range(lines):
        log.write("authorised", activity=f"export.{number:03d}", by=["amina", "brahim"])
    return log


def test_chain_goes_on_across_restarts(tmp_path: Path) -> None:
    """Numbers and hashes continue; the head says where the log stands."""
    path = tmp_path / "a.audit"
    filled(path).close()
    again = filled(path, 2)
    again.close()
    assert checked(path) == again.head
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["n"] for event in events] == list(range(1, 8))
    assert events[5]["activity"] == "export.000"


def test_counts_are_lines_too(tmp_path: Path) -> None:
    """Key operations and refusals come counted, by command, LMK and code."""
    path = tmp_path / "a.audit"
    log = AuditLog(path, clock=clock())
    log.write_counts({("A0", "00", "00"): 17, ("CA", "", "20"): 2})
    log.close()
    said = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["command"], one["lmk"], one["code"], one["count"]) for one in said] == [
        ("A0", "00", "00", 17), ("CA", "", "20", 2),
    ]


@pytest.mark.parametrize("spoil", [
    lambda lines: [*lines[:2], lines[2].replace(b"export.002", b"export.001"), *lines[3:]],
    lambda lines: lines[:2] + lines[3:],
    lambda lines: [lines[0], lines[0], *lines[1:]],
    lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    lambda lines: [*lines[:3], b"{}\n", *lines[3:]],
    lambda lines: [lines[0].replace(b"amina", b"aicha"), *lines[1:]],
    lambda lines: [*lines[:-1], lines[-1].replace(b"amina", b"aicha")],
], ids=["altered", "removed", "inserted", "exchanged", "foreign", "first", "last"])
def test_tampering_shows(tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    """Wherever it is; and the device does not go on over it."""
    path = tmp_path / "a.audit"
    filled(path).close()
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(AuditBroken, match=r"a\.audit, line"):
        checked(path)
    with pytest.raises(AuditBroken):
        AuditLog(path)


def test_tail_cut_off_shows_by_a_noted_line(tmp_path: Path) -> None:
    """The chain alone cannot tell; number and value noted elsewhere can."""
    path = tmp_path / "a.audit"
    log = filled(path)
    log.close()
    noted = (log.head.number, log.head.chain)
    assert checked(path, expected=noted) == log.head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert checked(path).number == 4
    with pytest.raises(AuditBroken, match="expected"):
        checked(path, expected=noted)


def test_line_cut_short_by_a_crash_is_removed_and_said(tmp_path: Path) -> None:
    """It was never whole: nobody relied on it."""
    path = tmp_path / "a.audit"
    filled(path).close()
    path.write_bytes(path.read_bytes()[:-10])
    filled(path, 1).close()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["event"] for event in events] == [
        *["authorised"] * 4, "torn_line_removed", "authorised",
    ]
    assert checked(path).number == 6


def test_full_files_are_numbered_and_the_chain_goes_on(tmp_path: Path) -> None:
    """The oldest may be moved away; a gap in the middle shows."""
    path = tmp_path / "a.audit"
    log = filled(path, 12, file_bytes_max=500)
    log.close()
    older = older_files(path)
    assert len(older) >= 3
    assert checked(path) == log.head
    older[0].unlink()
    assert checked(path) == log.head
    older[2].unlink()
    with pytest.raises(AuditBroken, match="has number"):
        checked(path)


def test_only_its_user_reads_it(tmp_path: Path) -> None:
    """Mode 0600."""
    path = tmp_path / "a.audit"
    filled(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_start_reads_the_last_file_only(tmp_path: Path) -> None:
    """However many there are; the command reads all of them."""
    path = tmp_path / "a.audit"
    log = filled(path, 12, file_bytes_max=500)
    log.close()
    first = older_files(path)[0]
    first.write_bytes(first.read_bytes().replace(b"amina", b"aicha"))
    again = AuditLog(path, 500, clock())
    assert again.head == log.head
    again.close()
    with pytest.raises(AuditBroken):
        checked(path)


def test_chain_goes_on_when_the_next_file_is_still_empty(tmp_path: Path) -> None:
    """A crash right after a full file was put away."""
    path = tmp_path / "a.audit"
    log = filled(path)
    log.close()
    path.rename(path.with_name("a.audit.000001"))
    path.touch()
    filled(path, 1).close()
    assert checked(path).number == 6


def test_what_is_counted_is_bounded_by_the_device() -> None:
    """Neither LMKs that there are not nor commands that there are not make new entries."""
    device = Device(by_identifier())
    for number in range(100):
        device.done(b"B2%%%02d" % number)
        device.done(b"%02dhello" % number)
        device.done(b"A00001U%%%02d" % number)
    assert set(device.taken_counts()) == {
        ("??", "", "68"), ("B2", "", "15"), ("A0", "", "13"), ("A0", "00", "00"),
        ("A0", "01", "28"), ("A0", "02", "28"),
    }
    assert device.taken_counts() == {}
