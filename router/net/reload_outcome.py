"""What a reload changed, or why it was refused: for the log, the caller and the broker.

Names what is different, never a key's value.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from router.net.bin_changes import bin_changes
from router.net.settings import AcquirerSettings, IssuerSettings, Settings
from router.net.stand_in_settings import Lent

SECRET: Final = (
    "under_lmk",
    "data_key_under_lmk",
    "pvk_under_lmk",
    "cvk_under_lmk",
    "username",
)


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """One reload."""

    outcome: str  # "reloaded", "unchanged" or "refused"
    changes: tuple[str, ...] = ()
    after_restart: tuple[str, ...] = ()  # read, but in force only when the router starts again
    mistakes: tuple[str, ...] = ()


def changes(old: Settings, new: Settings, in_bins: Iterable[str] | None = None) -> list[str]:
    """Every difference between two configurations, in words; `in_bins` where it is known."""
    return [
        *in_table("[router]", old.router, new.router),
        *in_table("[hsm]", old.hsm, new.hsm),
        *in_table("[http]", old.http, new.http),
        *in_table("[mqtt]", old.mqtt, new.mqtt),
        *in_table("[journal]", old.journal, new.journal),
        *in_peers("acquirer", old.acquirers, new.acquirers),
        *in_peers("issuer", old.issuers, new.issuers),
        *in_peers("stand-in for", old.stand_in, new.stand_in),
        *(bin_changes(old.bins, new.bins) if in_bins is None else in_bins),
    ]


def waiting_for_restart(old: Settings, new: Settings) -> list[str]:
    """Differences in what is opened once, at the start."""
    return [
        *in_table("[hsm]", old.hsm, new.hsm),
        *in_table("[http]", old.http, new.http),
        *in_table("[mqtt]", old.mqtt, new.mqtt),
        *in_table("[journal]", old.journal, new.journal),
    ]


def in_table(label: str, old: object, new: object) -> Iterator[str]:
    """Key by key; a table that came or went as a whole."""
    if old is None or new is None:
        if old is not new:
            yield f"{label} {'added' if old is None else 'removed'}"
        return
    for field in dataclasses.fields(type_of(old)):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if field.name in SECRET:
            yield f"{label} {field.name} changed"
        elif dataclasses.is_dataclass(before) or dataclasses.is_dataclass(after):
            yield from in_table(f"{label} {field.name}", before, after)
        else:
            yield f"{label} {field.name}: {written(before)} -> {written(after)}"


def in_peers(
    what: str,
    old: Sequence[AcquirerSettings] | Sequence[IssuerSettings] | Sequence[Lent],
    new: Sequence[AcquirerSettings] | Sequence[IssuerSettings] | Sequence[Lent],
) -> Iterator[str]:
    """By their names."""
    before: Mapping[str, object] = {one.name: one for one in old}
    after: Mapping[str, object] = {one.name: one for one in new}
    for name in before.keys() | after.keys():
        yield from in_table(f'{what} "{name}"', before.get(name), after.get(name))


def written(value: object) -> str:
    """A value in a list of changes."""
    return ", ".join(str(one) for one in value) if isinstance(value, tuple) else str(value)


def type_of(table: object) -> Any:
    """For dataclasses.fields, whose types know no `object`."""
    return type(table)
