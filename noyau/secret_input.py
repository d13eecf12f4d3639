"""Secrets come from a prompt without echo, or line by line from standard input; never from argv."""
import getpass
import sys


class NothingCame(Exception):
    """Standard input ended before the secret; the text says which."""


def asked(what: str, confirm: bool = False) -> str:
    """Return one secret: from the terminal without echo, else the next line of standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise NothingCame(f"standard input ended before the {what}")
        return line.rstrip("\r\n")
    while True:
        secret = getpass.getpass(f"{what}: ")
        if not confirm or getpass.getpass(f"{what}, again: ") == secret:
            return secret
        print("these are not the same", file=sys.stderr)
