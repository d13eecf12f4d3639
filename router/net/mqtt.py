"""The router's state for an MQTT broker: what is so is retained, what happens is sent once.

A broker that is away or slow changes nothing for transactions: `show` and `tell` only put into
tables of fixed size, which are emptied while there is a connection. Below TOPIC/INSTANCE: `state`
(up, draining, stopped; `down` is the last will), `line/ISSUER/LINE`, `reload/outcome`,
`transaction`; and `reload`: whoever may publish there has the configuration read again.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiomqtt

from router.net.card_data import masked_in, may_look_like_card
from router.net.settings import MqttSettings

RETAINED_MAX: Final = 2000  # topics; lines that were configured once and are gone count too
BACKOFF_S_FIRST: Final = 0.5
BACKOFF_S_MAX: Final = 30.0
CALL_TIMEOUT_S: Final = 10.0
STOP_TIMEOUT_S: Final = 2.0
KEEPALIVE_S: Final = 20
PASSWORD_BYTES_MAX: Final = 4096


class MqttFeed:
    """One connection to one broker, made again whenever it falls."""

    def __init__(
        self,
        settings: MqttSettings,
        reload: Callable[[], Awaitable[object]] | None,
        changed: Callable[[bool, str], None],
    ) -> None:
        self.dropped = 0
        self.is_connected = False
        self._reason = ""
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None
        self._settings = settings
        self._root = f"{settings.topic}/{settings.instance}"
        self._reload = reload
        self._changed = changed  # connected or not, and why not
        self._retained: dict[str, bytes] = {}
        self._unsent: dict[str, None] = {}  # topics of `_retained`, in the order they changed
        self._events: deque[tuple[str, bytes]] = deque()
        self._something = asyncio.Event()

    def show(self, topic: str, payload: bytes) -> None:
        """A state: the broker keeps the last one."""
        if topic not in self._retained and len(self._retained) >= RETAINED_MAX:
            self.dropped += 1
            return
        self._retained[topic] = fenced(payload)
        self._unsent[topic] = None
        self._something.set()

    def tell(self, topic: str, payload: bytes) -> None:
        """Something that happened: the oldest is dropped when nobody takes them."""
        if len(self._events) >= self._settings.queue_max:
            self._events.popleft()
            self.dropped += 1
        self._events.append((topic, fenced(payload)))
        self._something.set()

    def start(self) -> None:
        """From here on it connects, and connects again."""
        self.show("state", b"up")
        self._task = asyncio.create_task(self._run(), name="mqtt")

    async def stop(self) -> None:
        """`stopped` is said, and what waits is sent, if the broker takes it in time."""
        if self._task is None:
            return
        self.show("state", b"stopped")
        self._is_stopping = True
        await asyncio.wait([self._task], timeout=STOP_TIMEOUT_S if self.is_connected else 0)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        backoff_s = BACKOFF_S_FIRST
        while not self._is_stopping:
            try:
                async with self._client() as client:
                    self._now(connected=True, reason="")
                    backoff_s = BACKOFF_S_FIRST
                    await self._carry(client)
            except Exception as error:
                # This supervises the connection: nothing that goes wrong on it may go further.
                self._now(connected=False, reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(backoff_s * random.uniform(0.5, 1.0))
                backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._settings.host,
            self._settings.port,
            username=self._settings.username or None,
            password=password_in(self._settings.password_file),
            identifier=f"noyau-{self._settings.instance}",
            will=aiomqtt.Will(f"{self._root}/state", b"down", qos=1, retain=True),
            timeout=CALL_TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=16,
            max_queued_outgoing_messages=self._settings.queue_max,
        )

    def _now(self, connected: bool, reason: str) -> None:
        if (connected, reason) != (self.is_connected, self._reason):
            self._changed(connected, reason)
        self.is_connected, self._reason = connected, reason
        if connected:
            # The broker may have lost everything, and its last word about us is `down`.
            self._unsent = dict.fromkeys(self._retained)
            self._something.set()

    async def _carry(self, client: aiomqtt.Client) -> None:
        """Both directions, until the connection falls or all is said."""
        if self._reload is not None:
            await client.subscribe(f"{self._root}/reload", qos=1)
        listening = asyncio.create_task(self._listen(client), name="mqtt-listen")
        publishing = asyncio.create_task(self._publish(client), name="mqtt-publish")
        try:
            await asyncio.wait((listening, publishing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            publishing.cancel()
            ends = await asyncio.gather(listening, publishing, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            # A retained one would reload at every connection.
            if not message.retain and self._reload is not None:
                await self._reload()

    async def _publish(self, client: aiomqtt.Client) -> None:
        """States first: they are few, and the newest is what counts."""
        while True:
            while self._unsent:
                topic = next(iter(self._unsent))
                payload = self._retained[topic]
                del self._unsent[topic]
                await client.publish(f"{self._root}/{topic}", payload, qos=1, retain=True)
            if self._events:
                topic, payload = self._events.popleft()
                await client.publish(f"{self._root}/{topic}", payload)
                continue
            if self._is_stopping:
                return
            self._something.clear()
            await self._something.wait()


def fenced(payload: bytes) -> bytes:
    """What looks like a card number is masked, as in the log."""
    return masked_in(payload.decode()).encode() if may_look_like_card(payload) else payload


def password_in(file: Path | None) -> str | None:
    """Its first line, read at each connection: it may have been changed."""
    if file is None:
        return None
    with file.open(encoding="utf-8") as lines:
        return lines.readline(PASSWORD_BYTES_MAX).rstrip("\n")
