"""When a follower ends: at a signal, or with the process that started it."""

import signal
import sys
import threading


def stopped_by_signal_or_parent(with_parent: bool) -> threading.Event:
    """Set by SIGTERM or SIGINT, and where asked at the end of standard input."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if with_parent:

        def watch() -> None:
            while sys.stdin.buffer.read(4096):
                pass
            stopped.set()

        threading.Thread(target=watch, name="parent", daemon=True).start()
    return stopped
