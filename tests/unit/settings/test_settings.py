"""Configuration: layers, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.settings import load

pytestmark = pytest.mark.unit


def test_defaults_answer_the_telephone() -> None:
    settings = load(None)
    assert [c.kind for c in settings.channel] == ["sip"]
    assert settings.asr.engine == "whisper"


def test_every_mistake_is_shown(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(
        'timezone = "Mars/Olympus"\nfoo = 1\n[http]\nport = 99999\n[[channel]]\nid = "a"\nkind = "sip"\n'
        '[[channel]]\nid = "a"\nkind = "sip"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load(config)
    text = "\n".join(caught.value.problems)
    for expected in ("timezone", "foo: unknown key", "http.port", "id used twice: a"):
        assert expected in text


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gateway\.example\.toml"):
        load(tmp_path / "none.toml")


def test_environment_over_secret_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[http]\nport = 1111\n[asr]\ntoken = "file"\n', encoding="utf-8")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "GATEWAY_ASR__TOKEN").write_text("secret", encoding="utf-8")
    monkeypatch.setenv("GATEWAY_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("GATEWAY_HTTP__PORT", "2222")
    settings = load(config)
    assert settings.http.port == 2222
    assert settings.asr.token.get_secret_value() == "secret"
    assert "secret" not in repr(settings)


def test_secrets_are_masked_everywhere(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[asr]\ntoken = "hush"\n', encoding="utf-8")
    settings = load(config)
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ('host = "10.0.0.7"\nport = 2700', "asr_server.cert_file and key_file and asr.token"),
        ('host = "::"\nport = 2700\ncert_file = "c"\nkey_file = "k"', "set asr.token;"),
        ('host = "asr.example"\nport = 2700\n', "allow_insecure"),
        ('host = "10.0.0.7"\nport = 2700\nallow_insecure = true', None),
        ('host = "127.0.0.2"\nport = 2700', None),
        ('host = "localhost"\nport = 2700', None),
        ('host = "10.0.0.7"', None),
        ('cert_file = "c"', "go together"),
    ],
)
def test_recognisers_are_served_to_other_machines_with_tls_and_a_token(
    tmp_path: Path, server: str, told: str | None
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f"[asr_server]\n{server}\n", encoding="utf-8")
    if told is None:
        load(config)
        return
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert told in str(caught.value)


@pytest.mark.parametrize("url", ["http://asr:2700", "asr:2700", "wss://a:1, b", "ws://"])
def test_an_address_that_no_recogniser_can_have_is_refused(tmp_path: Path, url: str) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[asr]\nurl = "{url}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"asr\.url.*ws://host:port"):
        load(config)
