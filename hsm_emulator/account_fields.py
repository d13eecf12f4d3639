"""Fields for accounts: how much of a PAN a PIN block's format wants to know."""
import re
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import SUFFIX_MARKS, Digits
from hsm_emulator.key_fields import is_aes
from hsm_emulator.pin_blocks import ISO_4, PLUS, WITHOUT_CHECK_DIGIT

_LONGER: Final = frozenset((ISO_4, PLUS))  # formats that bind more than twelve digits can say
_DIGITS: Final = re.compile(rb"\d*")
_SUFFIX_AT: Final = re.compile(rb"[%#&!\x19]|\Z")
_PAN_DIGITS_MAX: Final = 19
_PLUS_ACCOUNT: Final = re.compile(rb"(?=.{18}\Z)F*\d{12,}")


@dataclass(frozen=True, slots=True)
class Account:
    """Twelve digits of the PAN, without its check digit.

    Where one of the blocks is of format 48, the whole PAN and `;` (which may lack at the end of
    the request); where one is of format 04, 18 characters: the PAN without its check digit, F to
    the left. Twelve digits alone bind those twelve. The value is what `pin_blocks` takes.
    """

    name: str
    formats: tuple[int, ...] = ()  # where the formats stand among the values read so far
    bdk_at: int = -1  # where a BDK stands that, being AES, means format 48
    is_last: bool = False  # of the request: then the end of a PAN needs no mark

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        for place in self.formats:
            if values[place] in _LONGER:
                return self._read_longer(body, at, values, _form(self.formats, values))
        if self.bdk_at >= 0 and is_aes(values[self.bdk_at]):
            return self._read_longer(body, at, values, ISO_4)
        end = at + 12
        text = body[at:end]
        if len(text) != 12 or not text.isdigit():
            raise Refused(Code.ACCOUNT)
        values.append(text)
        return end

    def _read_longer(self, body: bytes, at: int, values: list[bytes], form: bytes) -> int:
        end = _pan_end(body, at, self.is_last) if form == ISO_4 else _plus_end(body, at)
        values.append(_account(body[at:end], form))
        return end + 1 if body[end : end + 1] == b";" else end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "12 N (the PAN and ; with format 48, 18 A with format 04)")]


@dataclass(frozen=True, slots=True)
class TwoAccounts:
    """An account and, behind `;`, another one; `after` characters follow up to the suffix.

    Two values; the second is empty when it lacks.
    """

    name: str
    other: str
    formats: tuple[int, ...]
    after: int = 0

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        form = _form(self.formats, values)
        if not form and body[at + 12 : at + 13] != b";":
            text = body[at : at + 12]
            if len(text) != 12 or not text.isdigit():
                raise Refused(Code.ACCOUNT)
            values += (text, b"")
            return at + 12
        end = suffix_at(body, at) - self.after
        first, _, second = body[at:end].partition(b";")
        second = second.strip(b";")  # a PAN's own mark, before or behind
        values += (_account(first, form), _account(second, form) if second else b"")
        return end

    def described(self) -> list[tuple[str, str]]:
        form = "12 N (the PAN and ; with format 48, 18 A with format 04)"
        return [(self.name, form), (self.other, f"{form}, after ;, may be absent")]


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """Another account behind `;`, twelve digits, after an account that needs no mark of its own."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if body[at : at + 1] != b";":
            values.append(b"")
            return at
        return Digits(self.name, 12, Code.ACCOUNT).read(body, at + 1, values)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "12 N, after ;, may be absent")]


def _form(places: tuple[int, ...], values: list[bytes]) -> bytes:
    """Return the format that makes the account longer, or nothing."""
    form = b""
    for place in places:
        if values[place] == ISO_4:
            return ISO_4
        if values[place] == PLUS:
            form = PLUS
    return form


def _pan_end(body: bytes, at: int, is_last: bool) -> int:
    run = _DIGITS.match(body, at)
    end = run.end() if run else at
    if body[end : end + 1] == b";" or (is_last and body[end : end + 1] in SUFFIX_MARKS):
        return end
    return at + 12


def _plus_end(body: bytes, at: int) -> int:
    return at + 18 if _PLUS_ACCOUNT.fullmatch(body[at : at + 18]) else at + 12


def _account(text: bytes, form: bytes) -> bytes:
    if len(text) == 12 and text.isdigit():
        return text
    if form == ISO_4 and text.isdigit() and len(text) <= _PAN_DIGITS_MAX:
        return text.rjust(12, b"0")
    if form == PLUS and _PLUS_ACCOUNT.fullmatch(text):
        return WITHOUT_CHECK_DIGIT + text.lstrip(b"F")
    raise Refused(Code.ACCOUNT)


def suffix_at(body: bytes, at: int) -> int:
    """Return where LMK, marks or trailer begin in the body of a command without binary data."""
    found = _SUFFIX_AT.search(body, at)
    assert found is not None  # the end is always found
    return found.start()
