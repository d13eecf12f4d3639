"""The configuration in force, as a copy: what a worker starts with is what the others run on.

The operator's folder may be half edited when a worker has to be replaced. So its files are copied
when it is read, the copy is read, and the workers read that one.
"""
import contextlib
import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from router.net.bin_file import read_bins
from router.net.configuration import ReadBins, SettingsRejected, load_settings
from router.net.settings import Settings
from router.net.stand_in_settings import Lent

FILES_MAX: Final = 2_000
DEPTH_MAX: Final = 4


class TooMuch(OSError):
    """The folder holds more than a configuration."""


class InForce:
    """`source` is the operator's folder, `copies` ours."""

    def __init__(self, source: Path, copies: Path) -> None:
        self.source = source
        self._copies = copies
        self._numbers = itertools.count(1)
        self.folder = copies / "0"

    def begin(self) -> Settings:
        """The first one. Raises SettingsRejected, OSError."""
        shutil.rmtree(self._copies, ignore_errors=True)  # of a run that was killed
        self.folder, settings = self.read()
        return settings

    def read(self, reading_bins: ReadBins = read_bins) -> tuple[Path, Settings]:
        """A new copy, read. Raises SettingsRejected, OSError: then there is none."""
        copy = self._copies / str(next(self._numbers))
        try:
            copied(self.source, copy)
            return copy, settings_in(copy, self.source, reading_bins)
        except SettingsRejected:
            self.forget(copy)
            load_settings(self.source, reading_bins)  # says where the operator's files are
            raise  # they were mended meanwhile
        except OSError:
            self.forget(copy)
            load_settings(self.source, reading_bins)
            raise

    def use(self, folder: Path) -> None:
        """From now on; the one before is not needed any more."""
        before, self.folder = self.folder, folder
        self.forget(before)

    @staticmethod
    def forget(folder: Path) -> None:
        """A copy that is not in force."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Nobody starts any more."""
        shutil.rmtree(self._copies, ignore_errors=True)


def settings_in(copy: Path, source: Path, reading_bins: ReadBins = read_bins) -> Settings:
    """Of a copy; what it names are the operator's own files. Raises SettingsRejected."""
    def named(path: Path | None) -> Path | None:
        is_copied = path is not None and path.is_relative_to(copy)
        return source / path.relative_to(copy) if path is not None and is_copied else path

    settings = load_settings(copy, reading_bins)
    mqtt = settings.mqtt
    return replace(
        settings,
        folder=source,
        mqtt=replace(mqtt, password_file=named(mqtt.password_file)) if mqtt is not None else None,
        stand_in=tuple(lent_as(one, named) for one in settings.stand_in))


def lent_as(lent: Lent, named: Callable[[Path | None], Path | None]) -> Lent:
    """Its files are read already; only their names differ."""
    stand_in = lent.stand_in
    pins = stand_in.pin_check
    if pins is not None:
        pins = replace(pins, cards_file=named(pins.cards_file) or pins.cards_file)
    negative_file = named(stand_in.negative_file)
    return replace(lent, stand_in=replace(
        stand_in, negative_file=negative_file, pin_check=pins))


def copied(source: Path, to: Path) -> None:
    """All files but hidden ones, for our eyes alone. Raises OSError."""
    to.mkdir(mode=0o700, parents=True)
    number = 0
    for folder, inner, files in os.walk(source):
        here = Path(folder).relative_to(source)
        inner[:] = [name for name in inner if not name.startswith(".")]
        if len(here.parts) >= DEPTH_MAX:
            inner.clear()
        for name in files:
            number += 1
            if number > FILES_MAX:
                raise TooMuch(f"{source} holds more than {FILES_MAX} files: give the configuration"
                              " a folder of its own")
            path = Path(folder) / name
            if not name.startswith(".") and path.is_file():
                with contextlib.suppress(FileNotFoundError):  # an editor's, gone meanwhile
                    (to / here).mkdir(mode=0o700, parents=True, exist_ok=True)
                    shutil.copyfile(path, to / here / name)
