"""config/gateway.example.toml names every key, shows its default, and is a configuration that loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from gateway.errors import ConfigError
from gateway.feeds import FEED_KINDS, FeedSettings
from gateway.plugins.channels import channel_settings, known_channels, load_channel_spec
from gateway.settings import Settings, load
from gateway.settings.sections import ChannelTable, FeedTable

pytestmark = pytest.mark.unit

EXAMPLE = Path(__file__).resolve().parents[3] / "config" / "gateway.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
TABLES = {"channel", "feed"}
BUILTIN_CHANNELS = {"sip"}
OF_EVERY_CALL = set(ChannelTable.model_fields) - {"id", "kind"}


def uncommented(text: str) -> str:
    """The file with its optional examples (``# key = …`` and ``# [[…]]``) switched on."""
    return re.sub(r"^# (?=\[\[|[a-z_0-9]+ = )", "", text, flags=re.MULTILINE)


def plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value


def keys_of(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Dotted names of every key of a settings model."""
    names = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= keys_of(kind, f"{prefix}{name}.")
        else:
            names.add(prefix + name)
    return names


def named_in(table: dict[str, Any], prefix: str = "") -> set[str]:
    names = set()
    for name, value in table.items():
        if isinstance(value, dict) and f"{prefix}{name}" != "asr.options":
            names |= named_in(value, f"{prefix}{name}.")
        else:
            names.add(prefix + name)
    return names


def test_it_loads_as_it_stands():
    settings = load(EXAMPLE)
    assert settings.channel[0].kind == "sip"
    for table in settings.channel:
        channel_settings(table)


def test_every_key_is_named_and_no_other():
    table = tomllib.loads(uncommented(TEXT))
    assert named_in({k: v for k, v in table.items() if k not in TABLES}) == {
        key for key in keys_of(Settings) if key not in TABLES
    }


def test_every_value_shown_is_the_default():
    table = tomllib.loads(TEXT)
    defaults = Settings.model_construct()
    for section, value in table.items():
        if section in TABLES:
            continue
        if not isinstance(value, dict):
            default = getattr(defaults, section)
            if section.endswith("_dir") and section != "data_dir":
                assert Path(default).name == value
            else:
                assert str(plain(default)) == str(value), section
            continue
        for key, shown in value.items():
            assert plain(getattr(getattr(defaults, section), key)) == shown, f"{section}.{key}"


def test_every_key_has_a_line_of_meaning():
    silent = [line for line in uncommented(TEXT).splitlines() if re.match(r"[a-z_0-9]+ = ", line) and "#" not in line]
    assert {line.split(" = ")[0] for line in silent} <= {"id", "kind"}


def test_the_written_channels_shown_are_accepted():
    tables = [t for t in tomllib.loads(uncommented(TEXT))["channel"] if t["kind"] not in BUILTIN_CHANNELS]
    assert {t["kind"] for t in tables} == set(known_channels()) - BUILTIN_CHANNELS
    for table in tables:
        channel_settings(ChannelTable(**table))


@pytest.mark.parametrize("kind", sorted(BUILTIN_CHANNELS))
def test_the_keys_of_a_channel_are_named_with_their_defaults(kind):
    spec = load_channel_spec(kind)
    (shown,) = [t for t in tomllib.loads(uncommented(TEXT))["channel"] if t["kind"] == kind]
    assert set(shown) - {"id", "kind", *OF_EVERY_CALL} == set(spec.settings.model_fields)
    assert set(shown) >= OF_EVERY_CALL
    channel_settings(ChannelTable(**shown))
    for name, field in spec.settings.model_fields.items():
        if not field.is_required():
            assert plain(field.get_default(call_default_factory=True)) == shown[name], name


def test_the_feeds_shown_are_the_kinds_that_exist_with_all_their_keys_and_defaults():
    tables = [FeedTable(**t) for t in tomllib.loads(uncommented(TEXT))["feed"]]
    assert {t.kind for t in tables} == set(FEED_KINDS)
    named: set[str] = set()
    for table in tables:
        fields = FEED_KINDS[table.kind].settings.model_fields
        FEED_KINDS[table.kind].settings(**table.options)
        named |= set(table.options)
        assert set(fields) - set(table.options) <= set(FeedSettings.model_fields)
        for name, field in fields.items():
            if name in table.options and not field.is_required():
                assert plain(field.default) == table.options[name], f"{table.kind}.{name}"
    assert set(FeedSettings.model_fields) <= named


def test_a_misspelt_key_is_refused_with_its_place(tmp_path):
    broken = tmp_path / "gateway.toml"
    broken.write_text(TEXT.replace("retention_days", "retention_dayz"), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(broken)
    assert "recording.retention_dayz" in str(error.value)
