"""A configuration folder -> Settings, or all its mistakes at once."""
from pathlib import Path

from router.net.mistakes import Mistake, SettingsRejected
from router.net.settings import Settings

__all__ = ["Mistake", "SettingsRejected", "load_settings"]


def load_settings(folder: Path) -> Settings:
    """Raises SettingsRejected with every mistake of every file."""
    raise NotImplementedError
