"""What one peer may take of the device's time: rate, silence, half a frame."""
import time

from structlog.testing import capture_logs

from hsm_emulator.connection import Limits
from tests.hsm.peer import Peer, device


def test_commands_over_the_rate_wait() -> None:
    """All are answered, in order; none is refused. Another peer is not slowed down."""
    with device(Limits(commands_per_second=100)) as port:
        eager, other = Peer(port), Peer(port)
        for number in range(150):
            eager.send(b"B20000", header=b"%04d" % number)
        assert other.ask("B20000") == b"B300"
        assert [eager.receive()[:4] for _ in range(150)] == [b"%04d" % n for n in range(150)]
        assert eager.ask("B20000") == b"B300"  # and it is read on
        eager.close()
        other.close()


def test_rate_is_kept_within_one_burst() -> None:
    """What came together is not answered together beyond the rate."""
    with device(Limits(commands_per_second=10)) as port:
        peer = Peer(port)
        frame = b"\x00\x0a0001B20000"
        peer.socket.sendall(30 * frame)
        first = peer.socket.recv(65536)
        assert len(first) <= 10 * len(b"\x00\x080001B300")
        peer.close()


def test_silent_peer_is_dropped() -> None:
    """Where the operator said for how long; one that goes on asking stays."""
    with capture_logs() as log, device(Limits(idle_s=0.3)) as port:
        silent, busy = Peer(port), Peer(port)
        deadline = time.monotonic() + 10
        while not any(event["event"] == "connection_idle" for event in log):
            assert time.monotonic() < deadline
            assert busy.ask("B20000") == b"B300"
        assert silent.is_closed_by_device()
        assert busy.ask("B20000") == b"B300"
        silent.close()
        busy.close()


def test_slowed_peer_may_leave() -> None:
    """Its timers leave with it."""
    with device(Limits(commands_per_second=1)) as port:
        peer = Peer(port)
        peer.socket.sendall(5 * b"\x00\x0a0001B20000")
        assert peer.receive() == b"0001B300"
        peer.close()
        again = Peer(port)
        assert again.ask("B20000") == b"B300"
        again.close()
