"""``[notices]``: what does not go together is told with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.settings import load

pytestmark = pytest.mark.unit


def given(folder: Path, text: str) -> Path:
    config = folder / "gateway.toml"
    config.write_text(f"[notices]\n{text}\n", encoding="utf-8")
    return config


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('smtp_host = "mail.example"', "needs smtp_from"),
        ('smtp_host = "mail.example"\nsmtp_from = "nobody"', "needs smtp_from"),
        (
            'smtp_host = "mail.example"\nsmtp_from = "a@b.example"\nsmtp_tls = "none"\nsmtp_user = "u"',
            "would show the password",
        ),
        ('hours = ["always"]', "is no span of a week"),
        ('robot_url = "qyapi.weixin.qq.com"', "robot_url"),
        ("pause_s = 1", "pause_s"),
        ('smtp_tls = "ssl"', "smtp_tls"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load(given(tmp_path, text))


def test_a_mail_server_of_this_machine_needs_no_tls_and_the_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_NOTICES__SMTP_PASSWORD", "geheim")
    text = 'smtp_host = "localhost"\nsmtp_tls = "none"\nsmtp_user = "u"\nsmtp_from = "12345 <12345@city.example>"'
    notices = load(given(tmp_path, text)).notices
    assert notices.smtp_password.get_secret_value() == "geheim"
    assert "geheim" not in repr(notices)
    assert notices.hours == ("mon-sun 07:00-22:00",)
