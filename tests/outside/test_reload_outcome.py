"""What a reload says it changed: names and values, never a key."""

from pathlib import Path

from router.net.reload_outcome import changes, waiting_for_restart
from tests.settings.folders import ACQUIRERS, BINS, ISSUERS, ROUTER, changed, settings

KEY = "U364697134FFB23B23EF9F677A35EB68B"
OTHER_KEY = "U063A0E7C0F2124E56192A4510F395ED7"


def test_nothing_changed_is_an_empty_list(tmp_path: Path) -> None:
    """Reading the same folder twice."""
    assert changes(settings(tmp_path), settings(tmp_path)) == []


def test_every_difference_is_named(tmp_path: Path) -> None:
    """A limit, a line, a peer that came, one that went, and ranges."""
    old = settings(tmp_path)
    new = settings(
        tmp_path,
        router=changed(ROUTER, '"504900"', '"504900"\nlog_level = "debug"'),
        acquirers=ACQUIRERS.replace("corniche", "atlantic"),
        issuers=changed(ISSUERS, "scheme.example:8611", "scheme.example:8612"),
        bins=BINS + "950401,950402,atlas,0,domestic,,,,no\n",
    )
    assert sorted(changes(old, new)) == [
        "[router] log_level: info -> debug",
        'acquirer "atlantic" added',
        'acquirer "corniche" removed',
        "bins: 1 added (atlas)",
        'issuer "meridian" lines: scheme.example:8611 -> scheme.example:8612',
    ]
    assert waiting_for_restart(old, new) == []


def test_a_changed_key_is_named_unseen(tmp_path: Path) -> None:
    """Its check value says which one it is now."""
    old = settings(tmp_path)
    issuers = changed(changed(ISSUERS, KEY, OTHER_KEY), "214F4A", "08D7B4")
    found = changes(old, settings(tmp_path, issuers=issuers))
    assert found == [
        'issuer "atlas" pin_key under_lmk changed',
        'issuer "atlas" pin_key kcv: 214F4A -> 08D7B4',
    ]


def test_what_is_opened_once_waits_for_a_restart(tmp_path: Path) -> None:
    """The HSM's addresses, the window, the broker."""
    old = settings(tmp_path)
    router = changed(ROUTER, "127.0.0.1:1501", "127.0.0.1:1502") + '[mqtt]\nhost = "broker"\n'
    new = settings(tmp_path, router=router)
    assert waiting_for_restart(old, new) == [
        "[hsm] endpoints: 127.0.0.1:1500, 127.0.0.1:1501 -> 127.0.0.1:1500, 127.0.0.1:1502",
        "[mqtt] added",
    ]
