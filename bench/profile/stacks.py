"""Stacks as py-spy writes them, made readable: our functions by their names, waiting left out.

mypyc makes of `Conductor.landed` two C functions, `CPyDef_conductor___Conductor___landed` and a
wrapper `CPyPy_...`; the event loop adds a dozen frames of its own. A line of py-spy's raw format is
frames from the outermost to the innermost, with semicolons between, then how often it was seen.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

FRAME: Final = re.compile(r"(?P<name>.*?) \((?P<file>[^()]*?)(?::\d+)?\)$")
WAITING: Final = (
    "PyThread_acquire_lock_timed", "epoll_pwait", "epoll_wait", "pthread_cond_timedwait",
    "pthread_cond_wait", "fdatasync", "fsync", "__select", "poll",
)  # fmt: skip
OUTSIDE: Final = ("uv_run", "Thread.run")  # what lies further out says nothing
LOOP_FILES: Final = (
    "loop.c", "core.c", "linux.c", "loop-watcher.c", "queue.h", "object.h", "stream.c", "runpy",
    "call.c", "ceval.c", "abstract.h", "pycore_call.h", "pycore_ceval.h",
)  # fmt: skip
KERNEL_DOORS: Final = ("write", "writev", "read", "recv", "send", "readv", "sendmsg", "recvmsg")
DROPPED: Final = ("CPyPy_", "Py_", "_Py_", "Loop__", "Handle__", "PyObject_Call", "_PyObject_")


def readable(lines: Iterable[str]) -> dict[str, int]:
    """Samples by stack, frames with semicolons between; stacks that only wait are left out."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        frames = stack.split(";")
        if count.isdigit() and not any(_name(frame) in WAITING for frame in frames):
            found[";".join(_cleaned(frames))] += int(count)
    return dict(found)


def _name(frame: str) -> str:
    found = FRAME.match(frame)
    return found["name"] if found else frame


def _cleaned(frames: list[str]) -> list[str]:
    begin = max(
        (place + 1 for place, frame in enumerate(frames) if _name(frame) in OUTSIDE), default=0
    )
    kept: list[str] = []
    for frame in frames[begin:]:
        told = _told(frame)
        if told and told not in kept[-1:]:
            kept.append(told)
    return kept or ["(event loop)"]


def _told(frame: str) -> str:
    """A frame in a reader's words; empty where it says nothing."""
    found = FRAME.match(frame)
    if found is None:
        return frame
    name, file = found["name"], found["file"]
    if not name:
        return ""
    if name.startswith("CPyDef_"):
        return of_mypyc(name)
    if name in KERNEL_DOORS:
        return f"{name} [kernel]"
    if name.startswith("0x"):
        return f"[{file.split('.')[0]}]"
    if name.startswith(DROPPED) or file.rsplit("/", 1)[-1] in LOOP_FILES:
        return ""
    return name


def of_mypyc(name: str) -> str:
    """`Conductor.landed`, or `translation.card_of` of a function."""
    module, _, rest = name.removeprefix("CPyDef_").partition("___")
    outer, _, inner = rest.partition("___")
    if inner == "__mypyc_generator_helper__":
        return f"{module}.{outer.removesuffix('_gen')}"
    return f"{outer}.{inner}" if inner else f"{module}.{outer}"
