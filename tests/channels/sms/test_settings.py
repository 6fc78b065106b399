from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from channels.sms import SPEC
from channels.sms.settings import PROVIDERS, SmppSettings, SmsSettings
from gateway.errors import ConfigError
from gateway.plugins.channels import channel_settings, load_channel_spec
from gateway.settings.sections import ChannelTable

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
GOOD = {"provider": "smpp", "host": "smsc", "system_id": "a", "password": "geheim", "number": "12345"}


def mistakes(options: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        channel_settings(ChannelTable(id="sms", kind="sms", **options), "gateway.toml")
    return error.value.problems


def test_the_loader_takes_the_kind() -> None:
    assert load_channel_spec("sms") is SPEC
    _, settings = channel_settings(ChannelTable(id="sms", kind="sms", **GOOD), "gateway.toml")
    assert isinstance(settings, SmppSettings)
    assert "geheim" not in repr(settings)


def test_each_mistake_is_named_by_its_key() -> None:
    assert mistakes({**GOOD, "windw": 3, "port": 0, "window": 0}) == [
        "gateway.toml: channel[sms].window: Input should be greater than or equal to 1",
        "gateway.toml: channel[sms].port: Input should be greater than or equal to 1",
        "gateway.toml: channel[sms].windw: unknown key; remove it or check its spelling",
    ]
    for options in ({}, {"provider": "smsx", "host": "x"}, {"provider": "SMPP"}):
        (problem,) = mistakes(options)
        assert problem.endswith("provider must be one of smpp, cmpp, aliyun, tencent, twilio")
    (problem,) = mistakes({**GOOD, "reconnect_min_s": 100})
    assert "reconnect_min_s must not be larger" in problem


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"provider": "cmpp", "host": "x", "sp_id": "1234567", "secret": "", "number": "1"}, ["sp_id", "secret"]),
        ({"provider": "aliyun", "path_token": "short"}, ["path_token", "access_key_id", "template_code"]),
        (
            {"provider": "tencent", "path_token": "sixteen/characters", "allowed_ips": ["x"]},
            ["path_token", "allowed_ips"],
        ),
        (
            {"provider": "twilio", "account_sid": "AC/1", "auth_token": "x", "base_url": "ftp:"},
            ["account_sid", "base_url"],
        ),
        ({"provider": "twilio", "account_sid": "AC1", "auth_token": "x"}, ["either number or messaging_service_sid"]),
    ],
)
def test_what_each_provider_refuses(options: dict[str, object], wanted: list[str]) -> None:
    said = "\n".join(mistakes(options))
    assert all(one in said for one in wanted)


def test_the_readme_names_every_key_and_its_tables_are_good() -> None:
    text = (ROOT / "channels" / "sms" / "README.md").read_text()
    blocks = [part.split("```")[0] for part in text.split("```toml\n")[1:]]
    seen = set()
    for block in blocks:
        for table in tomllib.loads(block)["channel"]:
            options = {key: value for key, value in table.items() if key not in {"id", "kind"}}
            seen.add(SmsSettings(**options).provider)
    assert seen == set(PROVIDERS)
    for model in PROVIDERS.values():
        for key in model.model_fields:
            assert f"`{key}`" in text or f"\n{key} = " in text, key
