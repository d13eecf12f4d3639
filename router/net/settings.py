"""The router's configuration as it is used: frozen, checked as a whole, with its defaults.

`router.net.configuration.load_settings` makes it from a folder. Each object of the daemon is given
the values it needs by name, never one of these classes. docs/configuration.md has it in words.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from router.net.addresses import Address, AllowedPeers
from router.net.journal_settings import JournalSettings
from router.net.place import WORKERS_MAX
from router.net.stand_in_settings import Lent
from router.net.value_types import (
    Age,
    DialectName,
    FramingText,
    HostName,
    InstitutionId,
    Kcv,
    KeyUnderLmk,
    Limit,
    Name,
    Port,
    Rate,
    Seconds,
    Topic,
)
from router.switching.routing import BinRanges, PackedTable

HTTP_LISTEN: Final = Address("127.0.0.1", 9583)


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """[router] in router.toml."""

    institution_id: InstitutionId  # DE 33 towards issuers
    frame_bytes_max: Annotated[int, Meta(ge=128, le=65_535)] = 4096  # a longer one closes its link
    in_flight_max: Limit = 4096  # requests of all acquirers together; above it: 96
    issuer_share: Annotated[float, Meta(gt=0, le=1)] = 0.5  # that one issuer may hold
    turn_max_s: Seconds = 0.02  # of the event loop; when all are longer, less is let in
    repeat_window_s: Seconds = 600.0  # how long an answer is kept for a repeat
    repeats_max: Limit = 200_000  # how many of them
    malformed_max: Limit = 10  # unreadable messages in a row, then the link is closed
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    workers: Annotated[int, Meta(ge=1, le=WORKERS_MAX)] = 1  # processes; docs/workers.md


@dataclass(frozen=True, slots=True)
class HsmSettings:
    """[hsm] in router.toml."""

    endpoints: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=16)]
    data_key_under_lmk: KeyUnderLmk = field(repr=False)  # wraps the journal's key at rest
    data_key_kcv: Kcv
    connections: Annotated[int, Meta(ge=1, le=64)] = 2  # to each endpoint
    timeout_s: Seconds = 1.0  # of one command
    pending_max: Limit = 1024  # commands waiting for an answer, on one connection


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """[http] in router.toml."""

    listen: Address = HTTP_LISTEN


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """[mqtt] in router.toml; without the table there is no MQTT."""

    host: HostName
    port: Port = 1883
    topic: Topic = "noyau"  # topics are TOPIC/INSTANCE/...
    instance: Name = "router"
    username: str = ""
    password_file: Path | None = None  # relative to the configuration folder; its first line
    transactions: bool = False  # publish an event for each transaction
    queue_max: Limit = 1000  # messages waiting for the broker; the oldest are dropped


@dataclass(frozen=True, slots=True)
class PinKeySettings:
    """[acquirer.pin_key] and [issuer.pin_key]: a key as its cryptogram under the LMK."""

    kind: Literal["zpk", "tpk"]  # tpk for an acquirer only
    under_lmk: KeyUnderLmk = field(repr=False)
    kcv: Kcv
    block_format: Literal["01", "05", "47", "48"] = "01"  # ISO-0, ISO-1, ISO-3, ISO-4


@dataclass(frozen=True, slots=True)
class KeyExchangeSettings:
    """[acquirer.key_exchange] and [issuer.key_exchange]: session keys under a ZMK."""

    zmk_under_lmk: KeyUnderLmk = field(repr=False)
    we: Literal["deliver", "ask"] = "deliver"  # what the router does at its times: 162 or 161
    scheme: Literal["U", "X", "S", "R"] = "U"  # of a key under the ZMK that the router delivers
    every_s: Annotated[int, Meta(ge=0, le=31_536_000)] = 0  # 0: by hand, or when the peer wants it


@dataclass(frozen=True, slots=True)
class AcquirerSettings:
    """[[acquirer]] in acquirers.toml."""

    name: Name
    listen: Address
    allowed: AllowedPeers
    dialect: DialectName
    institution_id: InstitutionId  # DE 32 where the request has none
    framing: FramingText = ""  # empty: the dialect's
    sign_on: Literal["required", "optional"] = "required"
    pin_key: PinKeySettings | None = None  # without it a PIN is answered 86
    key_exchange: KeyExchangeSettings | None = None  # without it 161 and 162 hear 12
    answer_within_s: Seconds = 10.0  # promise 1: every request is answered by then
    in_flight_max: Limit = 512  # on all its links together; above it: 96
    requests_per_s: Rate = 10_000.0  # new ones; above it: 96
    requests_burst: Limit = 2_000  # that may come at once after a pause
    connections_max: Annotated[int, Meta(ge=1, le=10_000)] = 16

    @property
    def sign_on_required(self) -> bool:
        """A request before it is answered 58."""
        return self.sign_on == "required"


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """[[issuer]] in issuers.toml."""

    name: Name
    region: Literal["domestic", "foreign"]
    dialect: DialectName
    lines: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=64)]  # one entry per line
    framing: FramingText = ""  # empty: the dialect's
    pin_key: PinKeySettings | None = None
    key_exchange: KeyExchangeSettings | None = None
    issuer_timeout_s: Seconds = 7.0  # from the request's arrival
    echo_interval_s: Seconds = 30.0  # of silence on a line
    echo_timeout_s: Seconds = 5.0  # then the line is down
    reconnect_s_max: Seconds = 30.0  # the backoff grows to this
    pending_max: Limit = 256  # requests waiting on one line
    saf_window: Annotated[int, Meta(ge=1, le=1000)] = 32  # stored entries sent, not yet answered
    saf_per_s: Rate = 400.0  # stored entries sent in a second
    saf_retry_s: Seconds = 10.0  # before an entry's second transmission; then twice as long
    saf_retry_s_max: Seconds = 60.0  # but not longer than this
    saf_refusals_max: Annotated[int, Meta(ge=1, le=1000)] = 3  # then an entry is parked
    saf_age_s_max: Age = 259_200.0  # an older entry is parked: three days
    saf_entries_max: Limit = 100_000  # open and parked; then 96
    in_flight_max: Limit = 4_096  # requests of all acquirers; above it: 96
    requests_per_s: Rate = 10_000.0  # of all acquirers; above it: 96
    requests_burst: Limit = 2_000
    breaker_after: Annotated[int, Meta(ge=1, le=10_000)] = 20  # failures in a row open a line's
    breaker_wait_s: Seconds = 5.0  # then one request may try it


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration of the router."""

    folder: Path
    router: RouterSettings
    hsm: HsmSettings
    http: HttpSettings
    mqtt: MqttSettings | None
    acquirers: tuple[AcquirerSettings, ...]
    issuers: tuple[IssuerSettings, ...]
    bins: BinRanges
    bin_table: PackedTable = field(compare=False)  # made of them
    journal: JournalSettings
    stand_in: tuple[Lent, ...] = ()  # one of each issuer that lends anything

    @property
    def follower_tells(self) -> bool:
        """The journal's follower writes the `transaction` events of what is on record."""
        by_broker = self.mqtt is not None and self.mqtt.transactions  # only the router tells it
        is_logged = self.router.log_level in ("debug", "info")
        return self.journal.follow and is_logged and not by_broker
