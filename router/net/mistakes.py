"""What is wrong with a configuration: every mistake with its place and its remedy, all at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, where, and what would be right."""

    file: str
    table: str  # '[hsm]', '[[issuer]] 2 "meridian"', 'line 7'; empty: the file as a whole
    key: str  # empty: the table as a whole
    wrong: str
    right: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.table, self.key) if part)
        return f"{place}: {self.wrong}; {self.right}" if self.right else f"{place}: {self.wrong}"


class SettingsRejected(Exception):
    """A configuration with mistakes. Nothing of it may be used."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class Wrong(ValueError):
    """A value that cannot be taken, before its place is known."""

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.wrong = wrong
        self.right = right
