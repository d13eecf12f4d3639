"""Which configuration a command uses: the given one, ./config, or the demo's, packed with us."""

from importlib import resources
from pathlib import Path

LOCAL = Path("config")


class NoConfiguration(Exception):
    """There is no such folder; the text says what to do."""


def config_folder(given: Path | None) -> Path:
    """Raises NoConfiguration when what was given is not there."""
    if given is None:
        return LOCAL if LOCAL.is_dir() else Path(str(resources.files("noyau"))) / "demo_config"
    if not given.is_dir():
        found = "is a file" if given.exists() else "is not there"
        raise NoConfiguration(f"--config {given}: {found}; give a folder, such as ./config")
    return given
