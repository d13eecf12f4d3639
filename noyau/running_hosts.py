"""Where a running issuer host keeps its ledger, for whoever asks without `--state`.

`noyau up` discards its ledgers, so their folder has a new name each time. A host holds its lock
file open while it runs, and Linux tells which files a process holds open: nothing to go stale.
"""
import os
from collections.abc import Iterator
from pathlib import Path


class ManyRun(Exception):
    """Several hosts of that name run; the text lists their state folders."""


def state_of(name: str, config: Path) -> Path | None:
    """Of the one that runs; of several, of the one on this configuration; None: none runs."""
    found = dict(running(name))
    if len(found) > 1:
        ours = str(config.resolve())
        found = {pid: state for pid, state in found.items() if ours in folders_named(pid)} or found
    if len(found) > 1:
        folders = ", ".join(sorted(map(str, found.values())))
        raise ManyRun(f"{len(found)} hosts named {name} run; say which with --state: {folders}")
    return next(iter(found.values()), None)


def running(name: str) -> Iterator[tuple[int, Path]]:
    """Process and state folder of every host of that name which we may look at."""
    for process in Path("/proc").glob("[0-9]*"):
        for held in files_held(process):
            if held.parts[-2:] == ("issuers", f"{name}.lock"):
                yield int(process.name), held.parent.parent


def files_held(process: Path) -> list[Path]:
    """None of somebody else's process, or of one that is gone."""
    try:
        return [(process / "fd" / number).readlink() for number in os.listdir(process / "fd")]
    except OSError:
        return []


def folders_named(pid: int) -> set[str]:
    """What on its command line could be a folder, as a whole path."""
    process = Path("/proc") / str(pid)
    try:
        at = (process / "cwd").readlink()
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return set()
    return {str((at / word.removeprefix("--config=")).resolve()) for word in words if word}
