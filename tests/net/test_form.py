"""The form that was asked for is the form that runs, here and in a process that we start."""
import os
import subprocess
import sys

from router.form import form


def test_the_form_asked_for_runs() -> None:
    """`make test-compiled` asks for the compiled one; nothing asked means as it stands."""
    asked = os.environ.get("NOYAU_FORM", "interpreted")
    script = "from router.form import form; print(form())"
    child = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [form(), child.stdout.strip()] == [asked, asked]
