"""What the figures were taken on: processor, disk, Python, commit, form of the router."""

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

FSYNCS: Final = 200
IN_MEMORY: Final = ("tmpfs", "ramfs")


class Machine(msgspec.Struct):
    """Stored beside the figures: absolute times hold on this machine only."""

    processor: str
    cores: int
    kernel: str
    python: str
    commit: str
    form: str  # of the router: "interpreted" or "compiled"
    disk: str  # file system that the journal lies on
    fsync_ms: float  # median of what a small write takes until it is durable there


def this_machine(folder: Path) -> Machine:
    """The journal lies in the folder."""
    return Machine(
        processor=processor(),
        cores=len(os.sched_getaffinity(0)),
        kernel=platform.release(),
        python=platform.python_version(),
        commit=commit(),
        form=form(),
        disk=file_system(folder),
        fsync_ms=fsync_ms(folder),
    )


def durable_folder() -> Path:
    """Where temporary files survive a reboot: an fsync in memory would cost nothing."""
    candidates = (Path("/var/tmp"), Path.cwd(), Path("/tmp"))  # noqa: S108 - mkdtemp goes into it
    usable = [one for one in candidates if os.access(one, os.W_OK)]
    durable = [one for one in usable if file_system(one) not in IN_MEMORY]
    return (durable or usable or [Path.cwd()])[0]


def file_system(folder: Path) -> str:
    """Its type, by the longest mount point above it."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, found, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, found
    return kind


def fsync_ms(folder: Path) -> float:
    """The median of 200 small writes, each followed by fsync."""
    took: list[float] = []
    path = folder / "fsync"
    with path.open("wb") as file:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            file.write(bytes(400))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    path.unlink()
    return sorted(took)[FSYNCS // 2] * 1000


def processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def commit() -> str:
    """Of the sources, where they are a checkout; with a plus sign when they were changed since."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def form() -> str:
    """In which form the router runs, as a child of ours says."""
    command = [sys.executable, "-c", "from router.form import form; print(form())"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()
