"""Configuration: closed, checked at once, and silent about secrets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from channels.wechat import SPEC
from tests.channels.wechat.entrance import AES_KEY, SECRET, TOKEN, settings

pytestmark = pytest.mark.unit


def test_defaults():
    chosen = settings()
    assert (chosen.platform, chosen.mode, chosen.api) == ("official_account", "safe", "https://api.weixin.qq.com")
    assert settings(platform="wecom_kf").api == "https://qyapi.weixin.qq.com"
    assert settings(api_base="http://127.0.0.1:9/").api == "http://127.0.0.1:9"
    assert settings(mode="plain", encoding_aes_key=None).encoding_aes_key is None
    assert (SPEC.kind, SPEC.role, SPEC.single_owner) == ("wechat", "web", False)


@pytest.mark.parametrize(
    "given",
    [
        {"colour": "red"},
        {"template": {"id": "T", "colour": "red"}},
        {"mode": "safest"},
        {"mode": "safe", "encoding_aes_key": None},
        {"mode": "compatible", "encoding_aes_key": None},
        {"encoding_aes_key": "short"},
        {"encoding_aes_key": "?" * 43},
        {"token": ""},
        {"app_secret": ""},
        {"app_id": ""},
        {"api_base": "ftp://x"},
        {"api_base": "http://x/?a=b"},
        {"answer_within_s": 5},
        {"replay_window_s": 0},
        {"open_kfids": ["wk1"]},
        {"platform": "wecom_kf", "mode": "plain"},
        {"platform": "wecom_kf", "template": {"id": "T"}},
        {"line": "vip"},
    ],
)
def test_mistakes_are_refused_and_show_no_secret(given):
    with pytest.raises(ValidationError) as caught:
        settings(**given)
    told = str(caught.value)
    for secret in (SECRET, TOKEN, AES_KEY):
        assert secret not in told


def test_secrets_are_not_shown():
    shown = repr(settings()) + str(settings()) + settings().model_dump_json()
    for secret in (SECRET, TOKEN, AES_KEY):
        assert secret not in shown
