"""Session keys of one peer: which PIN block came under which, while one takes over from another.

A peer that encrypts PIN blocks for us uses a new key only after it knows that we have it, and we
cannot see when that is: until its first block under the new key both are tried, on a link where a
block under it was seen only that one. The former key ends a while after the new one was used.
Source: the exchange of session keys by 161 and 162 as docs/session-keys.md describes it.
"""

from typing import Final

from router.switching.pin_key import PinKey

KEYS_MAX: Final = 3  # the one in use, and two that were delivered and never used
# What the HSM says to a block under another key: that it is no block at all.
ANOTHER_KEY: Final[tuple[str, ...]] = ("20", "24")


class ReceivedKeys:
    """The keys that an acquirer may encrypt under, the oldest first. Times in seconds."""

    __slots__ = ("_by_link", "_former_until", "_grace_s", "_in_use", "keys")

    def __init__(self, keys: list[PinKey], grace_s: float) -> None:
        self.keys = keys
        self._in_use = keys[0]  # the newest that was seen
        self._grace_s = grace_s  # longer than any request under a former key is on its way
        self._by_link: dict[object, PinKey] = {}  # where the new one was seen: in order from there
        self._former_until = 0.0

    def to_try(self, link: object) -> list[PinKey]:
        """For the next block on this link, the likeliest first."""
        if len(self.keys) == 1:
            return self.keys
        known = self._by_link.get(link)
        if known is not None:
            return self.keys[self.keys.index(known) :]
        return self.keys if self._former_until == 0.0 else self.keys[::-1]

    def offer(self, key: PinKey) -> None:
        """Delivered, by either side: from now on it may be used."""
        if key in self.keys:
            return
        self.keys = [*self.keys, key]
        if len(self.keys) > KEYS_MAX:
            del self.keys[1 if self.keys[1] is not self._in_use else 0]

    def used(self, link: object, key: PinKey, now: float) -> None:
        """A block on this link was under this key, or the link's peer said that it is from now."""
        if key is self.keys[0] or key not in self.keys:
            return
        self._by_link[link] = key
        if self.keys.index(key) > self.keys.index(self._in_use):
            self._in_use = key
            self._former_until = now + self._grace_s

    def forget(self, link: object) -> None:
        """It is closed."""
        self._by_link.pop(link, None)

    def end_former(self, now: float) -> bool:
        """True when those before the one in use ended just now."""
        if self._former_until == 0.0 or now < self._former_until:
            return False
        self.keys = self.keys[self.keys.index(self._in_use) :]
        self._by_link = {link: key for link, key in self._by_link.items() if key in self.keys[1:]}
        self._former_until = 0.0
        return True
