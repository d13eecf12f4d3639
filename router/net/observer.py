"""Whatever is worth seeing, to where it is seen: log, metrics, MQTT. Card data never comes here."""
from typing import Final

import msgspec

from router.net.addresses import Address
from router.net.log import Log, transaction_fields
from router.net.metrics import Metrics
from router.net.mqtt import MqttFeed
from router.net.reload_outcome import ReloadOutcome
from router.switching.link_session import Moved
from router.switching.pending import Line
from router.switching.transaction_event import TransactionEvent
from router.wire.faults import MalformedMessage
from router.wire.framing import FrameTooLong

_encoder: Final = msgspec.json.Encoder()


class RouterObserver:
    """Implements the port Observer, and hears what the links have to say."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._feed: MqttFeed | None = None
        self._tells_transactions = False
        self._unreachable: dict[str, str] = {}
        self.exchanges = metrics.exchanges  # of the port, too

    def use_feed(self, feed: MqttFeed, tells_transactions: bool) -> None:
        """MQTT is configured."""
        self._feed = feed
        self._tells_transactions = tells_transactions

    # The port.

    def transaction(self, event: TransactionEvent) -> None:
        self._log.transaction(event)
        if self._tells_transactions and self._feed is not None:
            self._feed.tell("transaction", _encoder.encode(transaction_fields(event)))

    def counted(self, what: str, link: str, times: int = 1) -> None:
        self._metrics.counted(what, link, times)
        self._log.logger.debug("counted", what=what, link=link, times=times)

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        self._metrics.counted(what, line)
        self._log.logger.warning(what, line=line, differs_in_elements=differing)

    def alarm(self, what: str, **facts: str | int | float) -> None:
        self._metrics.alarm(what)
        self._log.logger.error(what, alarm=True, **facts)

    # Links.

    def listening(self, acquirer: str, address: Address) -> None:
        self._log.logger.info("listening", acquirer=acquirer, address=str(address))

    def link_refused(self, acquirer: str, peer: str, why: str) -> None:
        self._metrics.counted("link_refused", acquirer)
        self._log.logger.warning("link_refused", acquirer=acquirer, peer=peer, why=why)

    def link_moved(self, acquirer: str, peer: str, moved: Moved) -> None:
        self._log.logger.info(
            "link_state", acquirer=acquirer, peer=peer, state=str(moved.state),
            because=moved.because)

    def line_moved(self, line: Line, address: Address, moved: Moved) -> None:
        self._unreachable.pop(line.name, None)
        self._log.logger.info(
            "line_state", issuer=line.issuer_name, line=line.name, address=str(address),
            state=str(moved.state), because=moved.because)
        if self._feed is not None:
            payload = _encoder.encode({"state": str(moved.state), "because": moved.because})
            self._feed.show(f"line/{line.issuer_name}/{line.name}", payload)

    def line_unreachable(self, line: Line, address: Address, why: str) -> None:
        """Said once, not at every attempt."""
        self._metrics.counted("connect_failed", line.name)
        if self._unreachable.get(line.name) == why:
            return
        self._unreachable[line.name] = why
        self._log.logger.warning(
            "line_unreachable", issuer=line.issuer_name, line=line.name, address=str(address),
            why=why)

    def line_gone(self, line: Line) -> None:
        """Not configured any more."""
        self._unreachable.pop(line.name, None)
        self._log.logger.info("line_gone", issuer=line.issuer_name, line=line.name)
        if self._feed is not None:
            self._feed.show(f"line/{line.issuer_name}/{line.name}", b"")

    def malformed(self, link: str, fault: MalformedMessage) -> None:
        self._metrics.counted("malformed", link)
        self._log.logger.warning(
            "malformed", link=link, element=fault.element, offset=fault.offset,
            expected=fault.expected, found=fault.found)

    def frame_too_long(self, link: str, fault: FrameTooLong) -> None:
        self._metrics.counted("frame_too_long", link)
        self._log.logger.warning("frame_too_long", link=link, why=str(fault))

    def stand_in_moved(self, issuer: str, mode: str, reason: str, takes_over: bool) -> None:
        """What is done about requests for an issuer; by itself it takes over with an alarm."""
        if takes_over:
            self._metrics.alarm("stand_in_takes_over")
        said = self._log.logger.warning if takes_over else self._log.logger.info
        said("stand_in_state", issuer=issuer, mode=mode, reason=reason, alarm=takes_over)
        if self._feed is not None:
            payload = _encoder.encode({"mode": mode, "reason": reason})
            self._feed.show(f"stand-in/{issuer}", payload)

    # The rest of the house.

    def hsm_changed(self, endpoint: Address, is_up: bool, why: str) -> None:
        if is_up:
            self._log.logger.info("hsm_up", endpoint=str(endpoint))
        else:
            self._log.logger.warning("hsm_down", endpoint=str(endpoint), why=why)

    def mqtt_changed(self, is_connected: bool, why: str) -> None:
        if is_connected:
            self._log.logger.info("mqtt_up")
        else:
            self._log.logger.warning("mqtt_down", why=why)

    def page_failed(self, path: str) -> None:
        """From within the except block."""
        self._metrics.alarm("page_failed")
        self._log.logger.exception("page_failed", path=path)

    def happened(self, what: str, **facts: str | int | float | list[str]) -> None:
        """In the life of the router itself."""
        self._log.logger.info(what, **facts)

    def broken(self, where: str, error: BaseException | None) -> None:
        """A mistake in our code. Files and lines are shown, values never."""
        self._metrics.alarm("unexpected_error")
        kind = type(error).__name__ if error is not None else ""
        self._log.logger.error("unexpected_error", where=where, kind=kind, exc_info=error)

    def waits(self, what: str, **facts: str | int | float) -> None:
        """It cannot go on yet."""
        self._log.logger.warning(what, **facts)

    def reloaded(self, outcome: ReloadOutcome) -> None:
        self._metrics.reloaded(outcome.outcome)
        said = self._log.logger.error if outcome.outcome == "refused" else self._log.logger.info
        said(
            "reload", outcome=outcome.outcome, changes=list(outcome.changes),
            after_restart=list(outcome.after_restart), mistakes=list(outcome.mistakes))
        if self._feed is not None:
            self._feed.show("reload/outcome", _encoder.encode(outcome))
