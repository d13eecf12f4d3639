"""Somebody else's acquirer: pyiso8583's own specification, blocking sockets, nothing of noyau's.

Knows of the demo what `noyau demo-cards --json` prints, and the contract in docs/demo.md.
"""
import itertools
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import iso8583
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from iso8583.specs import default_ascii

Message = dict[str, str]
ANSWER_S: Final = 5.0  # promised


def demo_cards(config: Path) -> dict[str, Any]:
    """As a program reads them."""
    printed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "noyau", "demo-cards", "--json", "--config", str(config)],
        check=True, capture_output=True, text=True, timeout=60)
    listing: dict[str, Any] = json.loads(printed.stdout)
    return listing


class Stranger:
    """One connection."""

    def __init__(self, listing: dict[str, Any]) -> None:
        self._link = listing["link"]
        self._numbers = itertools.count(random.randrange(1, 900_000))
        self._socket = socket.create_connection((self._link["host"], self._link["port"]), 5)
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._socket.close()

    def purchase(self, card: dict[str, Any], **changed: str | None) -> Message:
        """100.00 with the right PIN. `de52="..."` sets an element, `de4=None` leaves it out."""
        now = datetime.now(UTC)
        plain = {
            "t": "0100", "2": card["pan"], "3": "000000", "4": "000000010000",
            "7": now.strftime("%m%d%H%M%S"), "11": f"{next(self._numbers) % 1_000_000:06d}",
            "12": now.strftime("%H%M%S"), "13": now.strftime("%m%d"), "14": card["expiry"],
            "22": "051", "41": "TERM0001", "49": card["currency"],
            "52": self.pin_block(card["pin"], card["pan"]),
        }
        elements = plain | {name.removeprefix("de"): text for name, text in changed.items()}
        return {number: text for number, text in elements.items() if text is not None}

    def pin_block(self, pin: str, pan: str) -> str:
        """ISO 9564 format 0."""
        clear = bytes.fromhex(f"0{len(pin):x}{pin}".ljust(16, "f"))
        account = bytes.fromhex("0000" + pan[:-1][-12:].zfill(12))
        mixed = bytes(one ^ other for one, other in zip(clear, account, strict=True))
        key = bytes.fromhex(self._link["zpk"])
        enciphered = Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update(mixed)  # noqa: S305
        return enciphered.hex().upper()

    def send(self, messages: Sequence[Message]) -> None:
        frames = []
        for message in messages:
            encoded, _ = iso8583.encode(dict(message), default_ascii)
            frames.append(len(encoded).to_bytes(2, "big") + encoded)
        self._socket.sendall(b"".join(frames))

    def receive(self, within_s: float = ANSWER_S) -> Message:
        """The next answer, or TimeoutError."""
        deadline = time.monotonic() + within_s
        while True:
            if len(self._unread) >= 2:
                end = 2 + int.from_bytes(self._unread[:2], "big")
                if len(self._unread) >= end:
                    frame, self._unread = self._unread[2:end], self._unread[end:]
                    answer, _ = iso8583.decode(frame, default_ascii)
                    return dict(answer)
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            received = self._socket.recv(65536)
            assert received, "the router closed the connection"
            self._unread += received

    def ask(self, message: Message) -> Message:
        """One request and its answer."""
        self.send([message])
        return self.receive()

    def ask_all(self, messages: Sequence[Message]) -> list[Message]:
        """All at once; answers in the order in which they came."""
        self.send(messages)
        deadline = time.monotonic() + ANSWER_S
        return [self.receive(deadline - time.monotonic()) for _ in messages]
