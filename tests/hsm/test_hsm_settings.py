"""hsm.toml is judged as a whole: every mistake has file, table and key."""
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from hsm_emulator.connection import Limits
from hsm_emulator.pin_failures import PinFailureLimits
from hsm_emulator.rules import LEGACY, PROFILES, STRICT, Rules, admitted
from hsm_emulator.settings import BadSettings, Settings, load_settings

HASH = "00" * 16 + ":" + "11" * 32


def written(folder: Path, text: str) -> Settings:
    (folder / "hsm.toml").write_text(text)
    return load_settings(folder)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        written(folder, text)
    return list(refused.value.mistakes)


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    """`noyau hsm` runs anywhere, strict, without limits of PIN failures."""
    settings = load_settings(tmp_path)
    assert (settings.rules, settings.limits, settings.operators) == (STRICT, Limits(), ())
    assert settings.pin_failures == PinFailureLimits()
    assert (settings.device.host, settings.device.port) == ("127.0.0.1", 1500)


def test_every_table_is_read(tmp_path: Path) -> None:
    """What is written is what the device gets."""
    settings = written(tmp_path, f"""
        [hsm]
        port = 1600
        profile = "legacy"
        [limits]
        connections = 3
        idle_s = 60
        [rules]
        single_length_keys = false
        separate_pin_keys = true
        decimalisation_tables = ["0123456789012345", "9876543210987654"]
        [pin_failures]
        per_minute = 5
        per_day = 20
        [authorisation]
        minutes_max = 15
        [audit]
        file_bytes_max = 65536
        [[operator]]
        name = "amina"
        password_hash = "{HASH}"
        [[operator]]
        name = "brahim"
        password_hash = "{HASH}"
    """)
    assert settings.device.port == 1600
    assert (settings.limits.connections, settings.limits.idle_s) == (3, 60.0)
    assert settings.rules.profile == "legacy"
    assert settings.rules.diebold_blocks
    assert not settings.rules.single_length_keys
    assert settings.rules.separate_pin_keys
    assert "9876543210987654" in settings.rules.decimalisation_tables
    assert settings.pin_failures == PinFailureLimits(5, 0, 20)
    assert settings.authorisation.minutes_max == 15
    assert settings.audit.file_bytes_max == 65536
    assert [operator.name for operator in settings.operators] == ["amina", "brahim"]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Unknown names with the nearest known one; values with what they should be."""
    told = mistakes(tmp_path, """
        [hsm]
        port = 70000
        profil = "strict"
        [limit]
        [limits]
        connections = 0
        unread_s = "long"
        [rules]
        any_parity = "yes"
        profile = "strict"
        [[operator]]
        name = "Amina"
        [authorisation]
        minutes_max = 0
    """)
    assert told == [
        "hsm.toml: [limit]: unknown table; did you mean limits?",
        "hsm.toml: [hsm]: port: expected int <= 65535",
        "hsm.toml: [hsm]: profil: unknown key; did you mean profile?",
        "hsm.toml: [limits]: connections: expected int >= 1",
        "hsm.toml: [limits]: unread_s: expected float, got str",
        "hsm.toml: [rules]: any_parity: expected bool, got str",
        "hsm.toml: [authorisation]: minutes_max: expected int >= 1",
        "hsm.toml: [[operator]] 1: name: expected str matching regex '^[a-z][a-z0-9._-]{0,31}$'",
    ]


def test_contradictions_are_mistakes(tmp_path: Path) -> None:
    """Each is right alone."""
    told = mistakes(tmp_path, f"""
        [hsm]
        passphrase_file = "secret"
        [rules]
        decimalisation_tables = ["0000111122223333", "123"]
        profile = "legacy"
        [pin_failures]
        per_minute = 10
        per_hour = 5
        [[operator]]
        name = "amina"
        password_hash = "{HASH}"
    """)
    places = [mistake.partition(": ")[2].rpartition(": ")[0] for mistake in told]
    assert places == [
        "[rules]: profile", "[[operator]]", "[hsm]: passphrase_file", "[pin_failures]: per_hour",
        "[rules]: decimalisation_tables", "[rules]: decimalisation_tables",
    ]


@pytest.mark.parametrize(("text", "told"), [
    ("[hsm", "hsm.toml: not TOML"),
    ("operator = 3", "hsm.toml: operator: is written [[operator]]"),
    ("limits = 3", "hsm.toml: limits: must be a table"),
    ("[[operator]]\nname = 'amina'", "hsm.toml: [[operator]] 1: password_hash: must be given"),
])
def test_what_is_no_table(tmp_path: Path, text: str, told: str) -> None:
    """The form of the file is told like the rest."""
    assert mistakes(tmp_path, text)[0].startswith(told)


def test_every_flag_can_be_set_alone(tmp_path: Path) -> None:
    """Each rule has its switch in [rules], under its own name."""
    names = [field.name for field in fields(Rules) if field.type == "bool" or field.type is bool]
    assert len(names) > 10
    for name in names:
        settings = written(tmp_path, f"[rules]\n{name} = true")
        assert admitted(settings.rules) == [name]


def test_profiles_say_what_they_are() -> None:
    """Strict admits nothing; legacy neither clear PINs nor what only strict sites need."""
    assert admitted(STRICT) == []
    assert PROFILES == {"strict": STRICT, "legacy": LEGACY}
    assert not LEGACY.clear_pins
    assert not LEGACY.separate_pin_keys


def test_command_line_names_the_profile_over_the_file(tmp_path: Path) -> None:
    """[rules] lies over whichever profile it is."""
    (tmp_path / "hsm.toml").write_text("[rules]\nweak_keys = false")
    assert load_settings(tmp_path, "legacy").rules.any_parity
    assert not load_settings(tmp_path, "legacy").rules.weak_keys


def test_device_does_not_start_on_a_mistake(tmp_path: Path) -> None:
    """Exit code 2, the mistakes and nothing else."""
    (tmp_path / "hsm.toml").write_text("[limits]\nconnection = 3")
    for arguments in (["hsm", "--port", "0"], ["hsm", "check"]):
        told = subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-m", "noyau", *arguments, "--config", str(tmp_path)],
            check=False, capture_output=True, text=True, timeout=30)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == (
            "noyau hsm: hsm.toml: [limits]: connection: unknown key; did you mean connections?\n")
