"""A file system of a test's own: an ext4 in a file, mounted over a loop device. Needs root.

Its power can be cut: the file is copied while nobody runs, which is the disk without what the
kernel had not written yet, and the copy is mounted in its place.
"""
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TOOLS = ("mkfs.ext4", "mount", "umount", "fsfreeze")
MEGABYTE = 1 << 20


class OwnDisk:
    """Mounted at `path` while it is in use."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.path = folder / "disk"
        self._first_image = self._image = folder / "disk.img"
        self._copies = 0
        self.path.mkdir()
        with self._image.open("wb") as file:
            file.truncate(megabytes * MEGABYTE)
        run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        self.mount()

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self._image), str(self.path))

    def unmount(self) -> None:
        run("umount", str(self.path))

    def power_cut_copy(self) -> Path:
        """What a power cut would leave at this moment; nobody may be writing."""
        self._copies += 1
        copy = self._first_image.with_suffix(f".{self._copies}")
        run("cp", "--sparse=always", str(self._image), str(copy))
        return copy

    def go_on_with(self, copy: Path) -> None:
        """The copy takes the place of what went on afterwards."""
        self.unmount()
        self._image = copy
        self.mount()

    def fill(self) -> Path:
        """Not a block is left; the file to delete."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (MEGABYTE, 4096, 512):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        return filler

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """No write ends until it is over."""
        run("fsfreeze", "--freeze", str(self.path))
        try:
            yield
        finally:
            run("fsfreeze", "--unfreeze", str(self.path))


@contextmanager
def own_disk(folder: Path, megabytes: int = 64) -> Iterator[OwnDisk]:
    """Skips where it cannot be, and fails where CI=true."""
    why = lacking()
    disk = None
    if not why:
        try:
            disk = OwnDisk(folder, megabytes)
        except subprocess.CalledProcessError as error:
            why = f"{' '.join(error.cmd)}: {error.stderr.decode().strip()}"
    if disk is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no file system of its own: {why}")
        pytest.skip(why)
    try:
        yield disk
    finally:
        disk.unmount()


def lacking() -> str:
    if os.geteuid():
        return "mounting a file system needs root"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def run(*command: str) -> None:
    environment = {**os.environ, "PATH": SYSTEM_PATH}
    subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603 - the tools of the system
