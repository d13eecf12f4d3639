"""What of a configuration is one worker's: its acquirers whole, its part of everything else.

An issuer's lines are dealt out like cards; who has none, or only one where there are several, gets
the next ones too: a worker's way to an issuer should not hang on one line.
"""
from collections.abc import Collection
from dataclasses import replace
from typing import Final, TypeVar

from router.net.place import Place
from router.net.settings import IssuerSettings, MqttSettings, Settings
from router.net.stand_in_settings import Lent

LINES_MIN: Final = 2  # of each worker, where an issuer has as many

Dealt = TypeVar("Dealt")


def share_of(settings: Settings, place: Place, acquirers: Collection[str]) -> Settings:
    """As this worker is to have it."""
    if place.is_alone:
        return settings
    router, part = settings.router, place.part_of
    return replace(
        settings,
        router=replace(
            router,
            in_flight_max=at_least_one(part(router.in_flight_max)),
            repeats_max=at_least_one(part(router.repeats_max))),
        mqtt=feed_of(settings.mqtt, place) if settings.mqtt is not None else None,
        acquirers=tuple(one for one in settings.acquirers if one.name in acquirers),
        issuers=tuple(part_of_issuer(one, place) for one in settings.issuers),
        stand_in=tuple(part_of_lent(one, place) for one in settings.stand_in))


def lines_of(lines: tuple[Dealt, ...], place: Place) -> tuple[Dealt, ...]:
    """Those that this worker opens."""
    own = [*range(place.number, len(lines), place.count)]
    next_one = place.number + 1
    while len(own) < min(LINES_MIN, len(lines)):
        if (line := next_one % len(lines)) not in own:
            own.append(line)
        next_one += 1
    return tuple(lines[line] for line in own)


def connections_to(issuer: IssuerSettings, workers: int) -> int:
    """How many an issuer sees."""
    return sum(len(lines_of(issuer.lines, Place(one, workers))) for one in range(workers))


def part_of_issuer(issuer: IssuerSettings, place: Place) -> IssuerSettings:
    """Its lines, and its part of the limits. One worker alone begins exchanges of keys."""
    part, keys = place.part_of, issuer.key_exchange
    return replace(
        issuer,
        lines=lines_of(issuer.lines, place),
        key_exchange=replace(keys, every_s=0) if keys is not None and place.number else keys,
        in_flight_max=at_least_one(part(issuer.in_flight_max)),
        requests_per_s=issuer.requests_per_s / place.count,
        requests_burst=at_least_one(part(issuer.requests_burst)),
        saf_window=at_least_one(part(issuer.saf_window)),
        saf_per_s=issuer.saf_per_s / place.count,
        saf_entries_max=at_least_one(part(issuer.saf_entries_max)))


def part_of_lent(lent: Lent, place: Place) -> Lent:
    """A card's limits hold for all workers together: each may use its part, nothing of the rest."""
    part, stand_in = place.part_of, lent.stand_in
    pins = stand_in.pin_check
    return replace(
        lent,
        stand_in=replace(
            stand_in,
            pin_check=replace(pins, tries_max=part(pins.tries_max)) if pins is not None else None,
            cards_max=at_least_one(part(stand_in.cards_max))),
        limits=tuple(
            replace(
                one, count_max=part(one.count_max), total_max_minor=part(one.total_max_minor))
            for one in lent.limits))


def feed_of(mqtt: MqttSettings, place: Place) -> MqttSettings:
    """Its lines and transactions are told below a topic of its own."""
    return replace(mqtt, instance=f"{mqtt.instance}/worker-{place.number}")


def at_least_one(part: int) -> int:
    """Of what a worker cannot work without."""
    return max(1, part)
