"""Runs a `noyau` command that dies with the program that started it, even if that is killed.

`python -m noyau.demo.tether PID hsm --port 1500`, PID being the starter's.
"""
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to(parent: int) -> None:
    """The kernel sends SIGKILL when the parent is gone; it may be gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):  # Linux
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("noyau: the program that started this one is gone")


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    from noyau import cli

    del sys.argv[1]
    sys.argv[0] = "noyau"
    cli.main()
