"""What a good configuration may still have wrong: worth a look, never refused."""

from collections.abc import Iterator
from typing import Final

from router.net.settings import IssuerSettings, Settings
from router.net.shares import connections_to

REQUESTS_PER_SECOND: Final = 1000  # a rate at which the table of repeats should last its window


def concerns(settings: Settings) -> list[str]:
    """All of them, in words."""
    return [
        *without_ranges(settings),
        *in_another_region(settings),
        *about_pins(settings),
        *about_limits(settings),
        *about_lines(settings),
        *about_exposure(settings),
        *about_workers(settings),
    ]


def without_ranges(settings: Settings) -> Iterator[str]:
    """Issuers that nothing is routed to."""
    routed = {facts.issuer for facts in settings.bins.facts}
    for issuer in settings.issuers:
        if issuer.name not in routed:
            yield f'issuer "{issuer.name}": no range of bins.csv names it, nothing is routed to it'


def in_another_region(settings: Settings) -> Iterator[str]:
    """Ranges that say one thing and their issuer another."""
    regions = {issuer.name: issuer.region for issuer in settings.issuers}
    for name, region in regions.items():
        facts = settings.bins.facts
        wrong = {n for n, one in enumerate(facts) if one.issuer == name and one.region != region}
        odd = [at for at, number in enumerate(settings.bins.facts_numbers()) if number in wrong]
        if odd:
            yield (
                f'issuer "{name}" is {region}, {len(odd)} of its ranges are not'
                f" (the first: {settings.bins[odd[0]].first[:6]})"
            )


def about_pins(settings: Settings) -> Iterator[str]:
    """Cards whose PIN cannot be translated on the way."""
    with_pins = [one.name for one in settings.acquirers if one.pin_key is not None]
    for acquirer in settings.acquirers:
        if acquirer.pin_key is None:
            yield f'acquirer "{acquirer.name}": no pin_key, a request with a PIN is answered 86'
    for issuer in settings.issuers:
        if issuer.pin_key is None and with_pins:
            yield f'issuer "{issuer.name}": no pin_key, a request with a PIN is answered 86'


def about_limits(settings: Settings) -> Iterator[str]:
    """Limits that bite each other."""
    router = settings.router
    needed = int(router.repeat_window_s * REQUESTS_PER_SECOND)
    if router.repeats_max < router.in_flight_max:
        yield (
            f"[router] repeats_max, {router.repeats_max}, is below in_flight_max,"
            f" {router.in_flight_max}: overload is answered 96 earlier than it says"
        )
    elif router.repeats_max < needed // 10:
        rate = router.repeats_max / router.repeat_window_s
        yield (
            f"[router] repeats_max, {router.repeats_max}, is full before repeat_window_s at more"
            f" than {rate:.0f} requests a second: repeats of older ones are then sent as new"
        )
    for issuer in settings.issuers:
        if issuer.saf_window >= issuer.pending_max:
            yield (
                f'issuer "{issuer.name}": saf_window, {issuer.saf_window}, leaves no room in'
                f" pending_max, {issuer.pending_max}, for requests"
            )


def about_lines(settings: Settings) -> Iterator[str]:
    """One line is none when it falls; two issuers on one address may be a slip."""
    holders: dict[str, str] = {}
    for issuer in settings.issuers:
        if len(issuer.lines) == 1:
            yield f'issuer "{issuer.name}": one line only; while it is down, 91'
        if issuer.echo_timeout_s >= issuer.echo_interval_s:
            yield f'issuer "{issuer.name}": {slow_echo(issuer)}'
        for address in dict.fromkeys(map(str, issuer.lines)):
            if address in holders:
                yield f'issuer "{issuer.name}": {address} is a line of "{holders[address]}" too'
            holders.setdefault(address, issuer.name)


def slow_echo(issuer: IssuerSettings) -> str:
    """An echo that outlives its interval."""
    return (
        f"echo_timeout_s, {issuer.echo_timeout_s:g}, is not below echo_interval_s,"
        f" {issuer.echo_interval_s:g}"
    )


def about_exposure(settings: Settings) -> Iterator[str]:
    """There is no TLS yet."""
    for acquirer in settings.acquirers:
        if not acquirer.listen.is_loopback:
            yield f'acquirer "{acquirer.name}": {acquirer.listen} can be reached, and has no TLS'
    if not settings.http.listen.is_loopback:
        yield f"[http] {settings.http.listen} can be reached by others: state and metrics show"


def about_workers(settings: Settings) -> Iterator[str]:
    """What several of them make of lines and limits."""
    workers = settings.router.workers
    if workers == 1:
        return
    if len(settings.acquirers) < workers:
        yield (
            f"[router] workers, {workers}, is more than there are acquirers,"
            f" {len(settings.acquirers)}: all of an acquirer is one worker's, some have nothing"
        )
    for issuer in settings.issuers:
        sees = connections_to(issuer, workers)
        if sees > len(issuer.lines):
            yield (
                f'issuer "{issuer.name}" sees {sees} connections of {workers} workers on'
                f" {len(issuer.lines)} configured lines: it must take them"
            )
    for lent in settings.stand_in:
        if any(0 < one.count_max < workers for one in lent.limits):
            yield (
                f'stand-in for "{lent.name}": a count_max below {workers}, the workers, leaves'
                " some of them none to approve"
            )
