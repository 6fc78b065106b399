"""What the house learns of its channels from their SPECs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap.channels import ConfiguredChannels
from gateway.errors import ConfigError
from gateway.ivr.loader import load_flows
from gateway.settings.sections import ChannelTable

pytestmark = pytest.mark.unit
FLOWS = Path(__file__).resolve().parents[3] / "ivr_flows"
SECRET = "a secret of sixteen or more"
SMPP = {"provider": "smpp", "host": "smsc.example", "system_id": "a", "password": "b", "number": "12345"}
TWILIO = {"provider": "twilio", "account_sid": "AC1", "auth_token": "t", "number": "+898912345"}


def configured(*tables: dict[str, Any]) -> ConfiguredChannels:
    return ConfiguredChannels([ChannelTable(**table) for table in tables], load_flows(FLOWS), FLOWS)


def platform(channel_id: str, source: str, **more: Any) -> dict[str, Any]:
    return {"id": channel_id, "kind": "platform", "source": source, "secret": SECRET, **more}


def test_without_channels_there_is_nothing() -> None:
    none = configured()
    assert (none.widget, none.reaching_phones, none.sources, none.called_back) == (None, None, {}, set())


def test_the_first_that_can_is_taken() -> None:
    found = configured(
        {"id": "hotline", "kind": "sip"},
        {"id": "web", "kind": "webchat"},
        {"id": "kiosk", "kind": "webchat"},
        {"id": "texts", "kind": "sms", **SMPP},
        {"id": "abroad", "kind": "sms", **TWILIO},
    )
    assert (found.widget, found.reaching_phones) == ("web", "texts")


def test_sources_sign_and_are_called_back_where_they_say() -> None:
    found = configured(platform("grid", "wangge"), platform("app", "cityapp", callback_url="https://app.example/told"))
    assert {name: source.channel_id for name, source in found.sources.items()} == {"wangge": "grid", "cityapp": "app"}
    assert found.sources["cityapp"].secret == SECRET
    assert SECRET not in repr(found.sources)
    assert found.called_back == {"app"}


def test_a_source_has_one_channel() -> None:
    with pytest.raises(ConfigError, match="'cityapp' has a channel already"):
        configured(platform("a", "cityapp"), platform("b", "cityapp"))


def test_a_call_needs_a_flow_with_recordings() -> None:
    with pytest.raises(ConfigError, match="only written"):
        configured({"id": "hotline", "kind": "sip", "flow": "chat"})


@pytest.mark.parametrize(
    ("table", "owned"),
    [
        ({"kind": "sms", **SMPP}, True),
        ({"kind": "sms", **TWILIO}, False),
        ({"kind": "telegram", "token": "1:AAAAAAAAAAAA", "mode": "polling"}, True),
        ({"kind": "telegram", "token": "1:AAAAAAAAAAAA", "secret_token": "s" * 16}, False),
        ({"kind": "sip"}, False),
    ],
)
def test_who_may_run_in_one_process_only(table: dict[str, Any], *, owned: bool) -> None:
    (channel,) = configured({"id": "it", **table}).all
    assert channel.spec.owned(channel.options) is owned
