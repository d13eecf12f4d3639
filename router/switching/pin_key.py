"""The key that PIN blocks to or from one peer are encrypted under."""

from dataclasses import dataclass, field

from router.wire.hsm_frames import KeyForm


@dataclass(frozen=True, slots=True)
class PinKey:
    """A cryptogram under the LMK, and what the HSM must know of it."""

    kind: str  # "zpk" or "tpk"
    under_lmk: str
    kcv: str
    block_format: str  # the HSM's code: 01 ISO-0, 05 ISO-1, 47 ISO-3, 48 ISO-4
    form: KeyForm = field(init=False, repr=False, compare=False)  # the same, made ready

    def __post_init__(self) -> None:
        form = KeyForm(self.kind, self.under_lmk, self.block_format)
        object.__setattr__(self, "form", form)


def is_same_key(one: PinKey | None, other: PinKey | None) -> bool:
    """Mostly they are one object; to compare their fields takes much longer."""
    return one is other or one == other
