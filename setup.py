"""Decides about compiling, and nothing else: everything declarative stands in pyproject.toml."""
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup

COMPILED = ["router/wire", "router/switching"]
# What those refer to at every step: compiled with them, the numbers of elements are constants.
COMPILED_IN_SPECS = ["elements", "message_pack", "packed"]
# Of router/net, what every transaction passes through.
COMPILED_IN_NET = [
    "acquirer_link", "carrying", "clock", "hsm_client", "hsm_commands", "hsm_link", "issuer_link",
    "journal", "outbox", "still_open", "turns",
]
# What the journal's follower does to every transaction.
COMPILED_IN_JOURNAL = ["event_writer", "noting", "pairs", "telling", "walking"]


def compiler_missing() -> str:
    """Why a Python extension cannot be built here, or nothing."""
    compiler = os.environ.get("CC", sysconfig.get_config_var("CC") or "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.c"
        probe.write_text("#include <Python.h>\n")
        include = f"-I{sysconfig.get_path('include')}"
        command = [*compiler, include, "-c", str(probe), "-o", os.devnull]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the compiler Python was built with
        except OSError:
            return f"no C compiler ({compiler[0]})"
        except subprocess.CalledProcessError:
            return "the C compiler finds no Python.h (Debian: python3-dev)"
    return ""


def extensions() -> list[Extension]:
    wanted = os.environ.get("NOYAU_COMPILE", "")  # 1 insists, 0 never, unset tries
    # Asking for metadata, or installing for development, must not compile.
    if wanted == "0" or "bdist_wheel" not in sys.argv:
        return []
    if reason := compiler_missing():
        if wanted == "1":
            sys.exit(f"noyau: NOYAU_COMPILE=1, but {reason}")
        sys.stderr.write(f"noyau: {reason}; this build runs interpreted\n")
        return []
    from mypyc.build import mypycify  # noqa: PLC0415 - NOYAU_COMPILE=0 needs no mypy

    sources = [str(path) for folder in COMPILED for path in sorted(Path(folder).glob("*.py"))]
    sources += [f"specs/{name}.py" for name in COMPILED_IN_SPECS]
    sources += [f"router/net/{name}.py" for name in COMPILED_IN_NET]
    sources += [f"noyau/journal/{name}.py" for name in COMPILED_IN_JOURNAL]
    flags = ["--config-file=", "--ignore-missing-imports", *sources]
    compiled: list[Extension] = mypycify(flags, opt_level="3", group_name="noyau")
    return compiled


if sys.argv[-1] == "can_compile":  # .ci/run asks
    missing = compiler_missing()
    sys.exit(f"noyau: {missing}; the compiled form is not tested here" if missing else 0)
setup(ext_modules=extensions())
