"""The primary account number: prints masked, and says its digits only when asked to."""

from mypy_extensions import mypyc_attr


def masked(digits: str) -> str:
    """First six and last four; of a number too short to hide anything between them, nothing."""
    if len(digits) < 13:
        return "*" * len(digits)
    return digits[:6] + "*" * (len(digits) - 10) + digits[-4:]


@mypyc_attr(acyclic=True)
class Pan:
    """A card's number. Equality and hash are those of its digits."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def reveal(self) -> str:
        return self._digits

    @property
    def account_12(self) -> str:
        """The rightmost twelve digits without the check digit: the part a PIN block binds."""
        digits = self._digits[-13:-1]
        return digits if len(digits) == 12 else digits.rjust(12, "0")

    def __str__(self) -> str:
        return masked(self._digits)

    def __repr__(self) -> str:
        return f"Pan({masked(self._digits)!r})"

    def __format__(self, spec: str) -> str:
        return format(masked(self._digits), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pan) and other._digits == self._digits

    def __hash__(self) -> int:
        return hash(self._digits)

    def __reduce__(self) -> str:
        raise TypeError("a Pan is not pickled: its digits would lie in clear")
