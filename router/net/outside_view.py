"""Everything the outside sees of the router, from one place: log, metrics, broker.

Implements switching's Observer, and what the links and the daemon have to tell. Nothing here raises
or waits: the log has a thread of its own, the broker a table of fixed size.
"""

from collections.abc import Mapping, Sequence

import msgspec

from router.net.card_data import DEPTH_MAX, cleaned
from router.net.log import Log, transaction_fields
from router.net.metrics import Metrics
from router.net.mqtt import MqttFeed
from router.net.reload_outcome import ReloadOutcome
from router.switching.transaction_event import TransactionEvent

_encoder = msgspec.json.Encoder()


class OutsideView:
    """Without a broker until `use_feed`."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._feed: MqttFeed | None = None
        self._publishes_transactions = False

    def use_feed(self, feed: MqttFeed, transactions: bool) -> None:
        """From here on the broker hears too."""
        self._feed = feed
        self._publishes_transactions = transactions

    @property
    def dropped(self) -> Mapping[str, int]:
        """What nobody took in time."""
        messages = self._feed.dropped if self._feed is not None else 0
        return {"log_lines": self._log.lines_dropped, "mqtt_messages": messages}

    def transaction(self, event: TransactionEvent) -> None:
        """One exchange with an acquirer is over."""
        self._metrics.transaction(event)
        said = transaction_fields(event)
        self._log.logger.info("transaction", **said)
        if self._publishes_transactions and self._feed is not None:
            self._feed.tell("transaction", payload(said))

    def counted(self, what: str, link: str) -> None:
        """Something that happens and is no state: in the metrics, and in a debug log."""
        self._metrics.counted(what, link)
        self._log.logger.debug(what, link=link)

    def alarm(self, what: str, **facts: str | int | float) -> None:
        """Something a person must look at."""
        self._metrics.alarm(what)
        self._log.logger.error("alarm", alarm=what, **facts)
        if self._feed is not None:
            self._feed.tell("alarm", payload({"alarm": what, **facts}))

    def line_changed(self, issuer: str, line: str, state: str, reason: str = "") -> None:
        """A line to an issuer is in another state."""
        level = self._log.logger.info if state == "signed_on" else self._log.logger.warning
        level("line_state_changed", issuer=issuer, line=line, state=state, reason=reason)
        if self._feed is not None:
            said = payload({"state": state, "reason": reason})
            self._feed.show(f"line/{issuer}/{topic_level(line)}", said)

    def link_changed(self, acquirer: str, peer: str, state: str, reason: str = "") -> None:
        """An acquirer's link was opened, signed on, closed."""
        self._log.logger.info(
            "link_state_changed", acquirer=acquirer, peer=peer, state=state, reason=reason
        )

    def reloaded(self, outcome: ReloadOutcome) -> None:
        """A reload, done or refused."""
        self._metrics.reloaded(outcome.outcome)
        refused = outcome.outcome == "refused"
        level = self._log.logger.error if refused else self._log.logger.info
        said = msgspec.to_builtins(outcome)
        level("reloaded", **said)
        if self._feed is not None:
            self._feed.tell("reload/outcome", payload(said))

    def state_changed(self, state: str, **facts: str | int | float | Sequence[str]) -> None:
        """Of the router as a whole: starting, ready, draining, stopped."""
        self._log.logger.info("router_state_changed", state=state, **facts)
        if self._feed is not None and state == "draining":
            self._feed.show("state", b"draining")

    def broker_changed(self, connected: bool, reason: str) -> None:
        """The broker came or went."""
        self._log.logger.warning("broker_state_changed", connected=connected, reason=reason)

    def page_failed(self, path: str) -> None:
        """Called within the except block: the traceback goes with it, without local variables."""
        self._log.logger.exception("page_failed", path=path)


def payload(said: Mapping[str, object]) -> bytes:
    """JSON, behind the same fence as the log."""
    return _encoder.encode(cleaned(said, DEPTH_MAX))


def topic_level(name: str) -> str:
    """One level of a topic: a line may be named after its address."""
    return name.replace("/", "_").replace("+", "_").replace("#", "_")
