"""`noyau hsm` as a command."""
import subprocess
import sys


def test_a_port_that_is_none_is_refused() -> None:
    """The event loop would take it modulo 65,536 and listen where nobody looks."""
    told = subprocess.run(
        [sys.executable, "-m", "noyau", "hsm", "--port", "99999"],
        check=False, capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stdout) == (2, "")
    assert "65535" in told.stderr
