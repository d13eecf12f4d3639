"""PIN keys as settings hold them, and as the decisions see them."""
from router.net.settings import PinKeySettings
from router.switching.pin_key import PinKey


def pin_key_of(settings: PinKeySettings | None) -> PinKey | None:
    """None: a PIN is answered 86."""
    if settings is None:
        return None
    return PinKey(settings.kind, settings.under_lmk, settings.kcv, settings.block_format)
