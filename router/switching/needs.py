"""What a transaction may need from the world, and what the world may send back."""

from collections.abc import Callable, Generator

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from router.switching.commits import Commit
from router.switching.pending import Line
from router.switching.pin_key import PinKey
from router.switching.recognition import Recognised
from router.switching.told import Told
from router.wire.message import Message
from specs.elements import DE


@mypyc_attr(acyclic=True, free_list_len=1)
class TranslatePin:
    """Have the PIN block of a request re-encrypted from the acquirer's key to the issuer's."""

    __slots__ = ("destination", "request", "source")

    def __init__(self, request: Recognised, source: PinKey, destination: PinKey) -> None:
        self.request = request
        self.source = source
        self.destination = destination

    @property
    def pin_block(self) -> str:
        """16 or 32 hexadecimal digits."""
        return self.request.text(DE.PIN_BLOCK)

    def write_pin_block(self, there: BytesWriter) -> None:
        """The same, where it is wanted: no text is made of it."""
        self.request.write(DE.PIN_BLOCK, there)

    def write_account(self, there: BytesWriter) -> None:
        """The twelve rightmost digits of the PAN without its check digit."""
        self.request.write_account_12(there)


@mypyc_attr(acyclic=True, free_list_len=1)
class Exchange:
    """Send this to the issuer; go on at its response, at the deadline, or when the line falls.

    Whoever sends it takes it out: who waits keeps it no longer than that.
    """

    __slots__ = ("line", "outbound", "pin_key")

    def __init__(self, line: Line, outbound: Message, pin_key: PinKey | None) -> None:
        self.line = line
        self.outbound: Message | None = outbound
        self.pin_key = pin_key  # of its PIN block: one under a former key is not sent any more


@mypyc_attr(acyclic=True, free_list_len=1)
class Verify:
    """Have the HSM check a PIN or a CVV."""

    __slots__ = ("command",)

    def __init__(self, command: bytes) -> None:
        self.command = command


Need = TranslatePin | Commit | Exchange | Verify
"""Of a commit: go on when its records are durable, all of them or none."""


@mypyc_attr(acyclic=True, free_list_len=1)
class PinTranslated:
    """The block under the issuer's key."""

    __slots__ = ("pin_block",)

    def __init__(self, pin_block: str) -> None:
        self.pin_block = pin_block


@mypyc_attr(acyclic=True, free_list_len=1)
class PinRefused:
    """The HSM's two-character error; empty when it did not answer."""

    __slots__ = ("hsm_error",)

    def __init__(self, hsm_error: str) -> None:
        self.hsm_error = hsm_error


@mypyc_attr(acyclic=True, free_list_len=1)
class Verified:
    """The HSM's two-character error; empty when it did not answer."""

    __slots__ = ("hsm_error",)

    def __init__(self, hsm_error: str) -> None:
        self.hsm_error = hsm_error

    @property
    def is_right(self) -> bool:
        return self.hsm_error == "00"

    @property
    def is_clear(self) -> bool:
        """It said right or wrong."""
        return self.hsm_error in ("00", "01")


class Durable:
    """All of it is on the disk."""

    __slots__ = ()


class NotDurable:
    """The disk refused; none of it counts."""

    __slots__ = ()


class Silent:
    """It left, and no usable answer came: the deadline passed or the line fell."""

    __slots__ = ()


class NeverLeft:
    """Not a byte was handed to the socket."""

    __slots__ = ()


class KeyChanged:
    """Never left, too: its PIN block is under a key that has ended meanwhile."""

    __slots__ = ()


class TooLate:
    """Its deadline passed, or it was reversed, before it was sent."""

    __slots__ = ()


Event = (
    PinTranslated
    | PinRefused
    | Verified
    | Durable
    | NotDurable
    | Silent
    | NeverLeft
    | KeyChanged
    | TooLate
    | Message
    | None
)

Life = Generator[Need | Told, Event, object]
"""What it asks for, and what it is sent; what the acquirer is to hear is the last it yields."""

Resume = Callable[[Event], Need | Told]
"""A life's `send`: what happened in, what it needs next out."""
