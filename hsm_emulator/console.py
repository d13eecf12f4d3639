"""What a real device does at its console: state that people change, never the host port.

Requests and answers are plain tables; control.py carries them. Every request is audited by what it
was about and who asked; passwords, components and keys are in no record and no answer.
"""
import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from hsm_emulator.audit import AuditLog
from hsm_emulator.authorisation import NotAuthorised
from hsm_emulator.clear_keys import attributes_of_text, check_value, combined, under_lmk
from hsm_emulator.custody import IN_WORDS, Lmks
from hsm_emulator.device import Device
from hsm_emulator.errors import Code, Refused
from hsm_emulator.operators import NotProved, Operators, Proof
from hsm_emulator.rules import admitted
from hsm_emulator.secret_key import TDES


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="status"):
    """LMKs with check values, rules, what is authorised, counters."""


class Authorise(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="authorise"):
    activity: str
    minutes: int
    by: list[Proof]


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="cancel"):
    """End one authorisation, or with `*` all: nobody is asked for a password."""

    activity: str


class FormKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="form_key"):
    """Make a key of clear components; `component` must be authorised.

    `attributes` are seven characters as in a key block's header: usage, algorithm, mode, version,
    exportability (`P0TN00E`); empty for a variant LMK, which has `key_type`.
    """

    lmk: str
    key_type: str
    attributes: str
    components: list[str]

    def __repr__(self) -> str:
        """Name the kind of key only."""
        return f"<key of {len(self.components)} components>"


class ClearPins(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="clear_pins"):
    """Let BA take clear PINs, until the device stops; it asks for authorised state besides."""

    enabled: bool
    by: list[Proof]


class ResetCounters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reset_counters"):
    by: list[Proof]


Request = Status | Authorise | Cancel | FormKey | ClearPins | ResetCounters


class Refusal(Exception):
    """The console does not do it; the text says why."""


@dataclass(slots=True)
class Console:
    """One device seen from its console; `stop` ends the device."""

    device: Device
    lmks: Lmks
    operators: Operators
    audit: AuditLog
    minutes_max: int
    stop: Callable[[], None]
    audit_failed: bool = False

    async def obey(self, request: Request) -> dict[str, Any]:
        """Do it and return what to tell, or raise `Refusal`.

        When the audit log cannot be written, nothing more is done: the device stops.
        """
        try:
            try:
                names = await self._proved(request)
                return self._done(request, names)
            except (NotProved, NotAuthorised) as error:
                names = tuple(_clean(proof.name) for proof in getattr(request, "by", ()))
                self.audit.write("console_refused", asked=_tag(request), by=names)
                raise Refusal(str(error)) from None
        except OSError:
            self.audit_failed = True
            self.stop()
            raise Refusal("the audit log cannot be written; the device stops") from None

    async def _proved(self, request: Request) -> tuple[str, ...]:
        """Return the operators, if the request needs them. Argon2id takes its time elsewhere."""
        if not isinstance(request, Authorise | ClearPins | ResetCounters):
            return ()
        return await asyncio.to_thread(self.operators.proved, request.by)

    def _done(self, request: Request, names: tuple[str, ...]) -> dict[str, Any]:
        match request:
            case Status():
                return self._status()
            case Authorise():
                return self._authorise(request, names)
            case Cancel():
                ended = self.device.authorisations.cancel(request.activity)
                self.audit.write("cancelled", activity=_clean(request.activity), ended=ended)
                return {"ended": ended}
            case FormKey():
                return self._form_key(request)
            case ClearPins():
                self.audit.write("clear_pins", enabled=request.enabled, by=names)
                self.device.allow_clear_pins(request.enabled)
                return {"clear_pins": request.enabled}
            case ResetCounters():
                self.audit.write("counters_reset", by=names)
                self.device.pin_failures.reset()
                return {"pin_failures": self._failures()}

    def _status(self) -> dict[str, Any]:
        rules = self.device.rules
        return {
            "lmks": [
                {"id": identifier, "kind": IN_WORDS[kind], "is_test": self.lmks.are_test,
                 "check_value": self.lmks.by_identifier[identifier.encode()].check_value.decode()}
                for identifier, kind in self.lmks.kinds.items()
            ],
            "profile": rules.profile,
            "admits": admitted(rules),
            "authorised": [
                {"activity": given.activity, "by": list(given.operators), "minutes_left":
                 round(left_s / 60, 1)}
                for given, left_s in self.device.authorisations.in_force()
            ],
            "pin_failures": self._failures(),
            "operators_have_passwords": self.operators.have_passwords,
            "audit": {"lines": self.audit.head.number, "chain": self.audit.head.chain},
        }  # fmt: skip

    def _failures(self) -> dict[str, Any]:
        failures = self.device.pin_failures
        names = {60: "minute", 3600: "hour", 86400: "day"}
        within = {names[seconds]: count for seconds, count in failures.within().items()}
        return {"total": failures.total, "within": within, "stopped": failures.are_over()}

    def _authorise(self, request: Authorise, names: tuple[str, ...]) -> dict[str, Any]:
        if not 1 <= request.minutes <= self.minutes_max:
            raise NotAuthorised(
                f"for {request.minutes} minutes: 1 to {self.minutes_max} are allowed here"
            )
        given = self.device.authorisations.authorise(request.activity, names, 60 * request.minutes)
        self.audit.write(
            "authorised", activity=given.activity, minutes=request.minutes, by=names,
            passwords=self.operators.have_passwords,
        )  # fmt: skip
        return {"activity": given.activity, "minutes": request.minutes}

    def _form_key(self, request: FormKey) -> dict[str, Any]:
        what = f"component.{request.key_type}".rstrip(".")
        if not self.device.authorisations.is_authorised(what):
            raise NotAuthorised(f"{what} is not authorised: noyau hsm console authorise component")
        try:
            cryptogram, value = self._formed(request)
        except Refused as refusal:
            self.audit.write("key_refused", lmk=_clean(request.lmk), code=refusal.code.decode())
            raise Refusal(f"no key: error {refusal.code.decode()}; see docs/hsm.md") from None
        facts = {"lmk": request.lmk, "key_type": request.key_type,
                 "attributes": request.attributes, "kcv": value}  # fmt: skip
        self.audit.write("key_formed", components=len(request.components), **facts)
        return {"key": cryptogram, "kcv": value}

    def _formed(self, request: FormKey) -> tuple[str, str]:
        lmk = self.lmks.by_identifier.get(request.lmk.encode("utf-8"))
        if lmk is None:
            raise Refused(Code.LMK_ID)
        attributes = attributes_of_text(request.attributes)
        algorithm = attributes.algorithm if attributes else TDES
        key = combined(request.components, algorithm, lmk.rules)
        return under_lmk(lmk, key, request.key_type, attributes), check_value(key)


def _tag(request: Request) -> str:
    return str(request.__struct_config__.tag)


def _clean(text: str) -> str:
    """Return what may stand in the audit log of a text that somebody typed."""
    return "".join(symbol if symbol.isprintable() else "?" for symbol in text[:40])
