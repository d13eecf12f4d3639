"""The issuers that are configured, and those that an earlier configuration had."""

from router.switching.peers import Issuer


class Issuers:
    """One that a reload removed is kept: numbers, entries and approvals are still its."""

    __slots__ = ("_configured", "former")

    def __init__(self, configured: dict[str, Issuer]) -> None:
        self._configured = configured
        self.former: dict[str, Issuer] = {}

    def use(self, configured: dict[str, Issuer]) -> None:
        """After a reload. One that comes back is the same one."""
        self.former.update(self._configured)
        for name in configured:
            self.former.pop(name, None)
        self._configured = configured

    def named(self, name: str) -> Issuer | None:
        issuer = self._configured.get(name)
        return issuer if issuer is not None else self.former.get(name)

    @property
    def all(self) -> list[Issuer]:
        return [*self._configured.values(), *self.former.values()]
