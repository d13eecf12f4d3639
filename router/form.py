"""Which form of the router runs: compiled by mypyc, interpreted, or mixed (a broken install)."""
import importlib
import pkgutil
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from typing import Final

COMPILED_PACKAGES: Final = ("router.wire", "router.switching")


def form() -> str:
    """compiled, interpreted or mixed."""
    names = [
        f"{package}.{module.name}"
        for package in COMPILED_PACKAGES
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ]
    # find_spec runs no module that is not loaded yet.
    origins = [spec.origin or "" for name in names if (spec := find_spec(name)) is not None]
    kinds = {origin.endswith(tuple(EXTENSION_SUFFIXES)) for origin in origins}
    if kinds == {True}:
        return "compiled"
    return "interpreted" if kinds == {False} else "mixed"
