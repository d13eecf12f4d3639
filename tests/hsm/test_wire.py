"""The device on its port: pipelining, any chunking, limits, garbage."""
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hsm_emulator.connection import Limits
from tests.hsm import keys
from tests.hsm.peer import Peer, device

CA = f"CA{keys.TPK}{keys.ZPK}12{keys.block('123456789', keys.K)}0101{keys.ACCOUNT}"
TRANSLATED = b"CB0009" + keys.block("123456789", keys.Z).encode() + b"01"


def test_three_hundred_translations_outstanding(hsm: Peer) -> None:
    """All are answered, each under its own header, sent before the first answer is read."""
    body = CA.encode()
    for number in range(300):
        hsm.send(body, header=b"%04d" % number)
    answers = [hsm.receive() for _ in range(300)]
    assert {answer[:4] for answer in answers} == {b"%04d" % number for number in range(300)}
    assert {answer[4:] for answer in answers} == {TRANSLATED}


def test_one_answer_comes_in_one_piece(hsm: Peer) -> None:
    """Load scripts for this protocol read once and expect the whole answer."""
    body = b"0042" + CA.encode()
    hsm.socket.sendall(len(body).to_bytes(2) + body)
    received = hsm.socket.recv(4096)
    assert received[2:] == b"0042" + TRANSLATED


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 400), max_size=12))
def test_any_chunking(hsm_port: int, cuts: list[int]) -> None:
    """Where the network cuts the bytes does not show in the answers."""
    peer = Peer(hsm_port)
    frame = b"0042" + CA.encode()
    stream = 3 * (len(frame).to_bytes(2) + frame)
    places = sorted({min(cut, len(stream)) for cut in cuts})
    for begin, end in zip([0, *places], [*places, len(stream)], strict=True):
        peer.socket.sendall(stream[begin:end])
    assert [peer.receive() for _ in range(3)] == 3 * [b"0042" + TRANSLATED]
    peer.close()


@settings(max_examples=150, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.tuples(
            st.sampled_from(["CA", "CC", "EC", "EA", "A0", "A6", "BU", "M6", "M0", "DG", "B2"]),
            st.text("0123456789ABCDEFUSTX%#&;\x19", max_size=120),
        ).map(lambda parts: (parts[0] + parts[1]).encode()),
        st.integers(6, len(CA)).map(lambda cut: CA[:cut].encode()),
    )
)
def test_garbage_gets_an_answer(hsm_port: int, body: bytes) -> None:
    """Whatever a frame holds, it is answered, never by an internal error."""
    peer = Peer(hsm_port)
    peer.send(body)
    answer = peer.receive()
    assert answer[:4] == b"0042"
    assert answer[6:8] != b"41"
    assert peer.ask("B20002OK") == b"B300OK"
    peer.close()


def test_frame_over_the_limit_ends_the_connection() -> None:
    """One log line says so; requests before it are answered, other connections stay."""
    with capture_logs() as log, device(Limits(frame_bytes_max=1000)) as port:
        other, long = Peer(port), Peer(port)
        long.socket.sendall(b"\x00\x0c0042B20002OK" + (1001).to_bytes(2) + bytes(50))
        assert long.receive() == b"0042B300OK"
        assert long.is_closed_by_device()
        assert other.ask("B20002OK") == b"B300OK"
        other.close()
        long.close()
    said = [event for event in log if event["event"] == "frame_too_long"]
    assert [(event["frame_bytes"], event["frame_bytes_max"]) for event in said] == [(1001, 1000)]


def test_connections_over_the_limit_are_turned_away() -> None:
    """The place of one that leaves is free again."""
    with device(Limits(connections=2)) as port:
        first, second = Peer(port), Peer(port)
        assert first.ask("B20000") == second.ask("B20000") == b"B300"
        third = Peer(port)
        assert third.is_closed_by_device()
        third.close()
        first.close()
        deadline = time.monotonic() + 10
        while True:
            again = Peer(port)
            again.send("B20000")
            if again.socket.recv(1):
                break
            again.close()
            assert time.monotonic() < deadline
        again.close()
        second.close()


def test_peer_that_never_reads_is_dropped() -> None:
    """Its answers are kept up to a bound, nothing more is read from it, then it is cut off."""
    limits = Limits(pending_output_bytes=1000, unread_s=0.2)
    with capture_logs() as log, device(limits) as port:
        deaf, other = Peer(port), Peer(port)
        request = b"0042B27000" + bytes(0x7000)
        frame = len(request).to_bytes(2) + request
        with pytest.raises((ConnectionError, TimeoutError)):
            deaf.socket.sendall(2000 * frame)
        assert other.ask("B20000") == b"B300"
        deaf.close()
        other.close()
    assert any(event["event"] == "answers_unread" for event in log)


def test_command_says_what_it_is_not_and_stops_on_request() -> None:
    """`noyau hsm --port 0` warns first, names its port, answers NC as itself, ends with 0."""
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [str(Path(sys.executable).parent / "noyau"), "hsm", "--port", "0"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    warning, listening = process.stderr.readline(), process.stderr.readline()
    assert "not_a_certified_hsm" in warning
    assert "public test keys" in warning
    port = int(listening.split('"port": ')[1].split(",")[0])
    peer = Peer(port)
    assert peer.ask("NC").endswith(b"EMUL-0001")
    peer.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stderr.close()


def test_port_in_use_is_said_plainly(hsm_port: int) -> None:
    """Exit code 2 and the remedy, no traceback."""
    ended = subprocess.run(  # noqa: S603  (our own command)
        [str(Path(sys.executable).parent / "noyau"), "hsm", "--port", str(hsm_port)],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "choose another --port" in ended.stderr
    assert "Traceback" not in ended.stderr
