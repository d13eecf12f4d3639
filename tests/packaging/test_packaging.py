"""What is installed is what lies in the folder: pins, packages, packed files."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked() -> dict[str, str]:
    """Name and version of every pin."""
    lock = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))


def test_an_isolated_build_uses_the_versions_of_the_lock() -> None:
    """`pip install .` reads no lock; what it builds with must be the same all the same."""
    for requirement in PROJECT["build-system"]["requires"]:
        name, version = requirement.split("==")
        assert locked()[name] == version


def test_the_lock_names_every_dependency_with_hashes_and_no_index() -> None:
    """A dependency that was added without `make lock` fails here."""
    lock = (ROOT / "requirements.lock").read_text()
    for requirement in PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]:
        name = re.split(r"[=>]", requirement)[0].lower()
        assert name in locked()
    assert lock.count("--hash=sha256:") >= len(locked())
    assert "://" not in lock


def test_every_package_is_listed() -> None:
    """A sub-package that is not listed is missing from the wheel."""
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    tops = {name.split(".")[0] for name in listed}
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for top in tops
        for init in (ROOT / top).rglob("__init__.py")
        if not any(part.is_symlink() for part in init.parents)
    }
    assert found == listed


def test_the_packed_demo_configuration_is_the_one_in_config() -> None:
    """`noyau/demo_config` is a link to `config/`; unknown suffixes would be dropped silently."""
    originals = {
        path.relative_to(ROOT / "config") for path in (ROOT / "config").rglob("*") if path.is_file()
    }
    packed = Path(str(files("noyau") / "demo_config"))
    found = {path.relative_to(packed) for path in packed.rglob("*") if path.is_file()}
    assert found == originals
    assert {path.suffix for path in originals} <= {".toml", ".csv"}
