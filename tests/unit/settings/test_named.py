"""Keys of channels and feeds from the environment and from secret files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.feeds import feed_settings
from gateway.plugins.channels import channel_settings, known_channels, load_channel_spec
from gateway.settings import Settings, load

pytestmark = pytest.mark.unit

CONFIG = """
[[channel]]
id = "city-wechat"
kind = "wechat"
app_id = "wx1"
app_secret = "in the file"
token = "t"
mode = "plain"

[[channel]]
id = "hotline"
kind = "sip"
port = 5070

[[feed]]
id = "cases"
kind = "webhook"
url = "https://cases.example/events"
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("GATEWAY_SECRETS_DIR", str(tmp_path / "secrets"))
    (tmp_path / "gateway.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def read(house: Path) -> Settings:
    return load(house / "gateway.toml")


def wechat_secret(house: Path) -> str:
    _, options = channel_settings(read(house).channel[0])
    return str(options.app_secret.get_secret_value())


def test_environment_over_secret_file_over_toml(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wechat_secret(house) == "in the file"
    (house / "secrets" / "gateway_channel__city_wechat__app_secret").write_text("of a secret file\r\n", "utf-8")
    assert wechat_secret(house) == "of a secret file"
    monkeypatch.setenv("GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET", "of the environment")
    assert wechat_secret(house) == "of the environment"


def test_a_feeds_secret(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("gateway_feed__cases__secret", "0123456789abcdef")
    monkeypatch.setenv("GATEWAY_FEED__CASES__TYPES", '["ticket.registered"]')
    _, options = feed_settings(read(house).feed[0])
    assert options.secret.get_secret_value() == "0123456789abcdef"
    assert options.types == ("ticket.registered",)


def test_plain_keys_lists_and_hours(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CHANNEL__HOTLINE__PORT", "5080")
    monkeypatch.setenv("GATEWAY_CHANNEL__HOTLINE__RTP_PORTS", "[30000, 30100]")
    monkeypatch.setenv("GATEWAY_CHANNEL__HOTLINE__HOURS", '["mon-fri 08:30-17:30"]')
    table = read(house).channel[1]
    _, options = channel_settings(table)
    assert (options.port, tuple(options.rtp_ports)) == (5080, (30000, 30100))
    assert table.hours == ("mon-fri 08:30-17:30",)


def test_without_a_file_the_default_channel_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CHANNEL__HOTLINE__PORT", "5081")
    assert channel_settings(load(None).channel[0])[1].port == 5081


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("GATEWAY_CHANNEL__WECHT__APP_SECRET", "there is no channel 'wecht'; channels: city-wechat, hotline"),
        ("GATEWAY_FEED__CASE__SECRET", "there is no feed 'case'; feeds: cases"),
    ],
)
def test_what_belongs_to_nothing_is_told_with_its_place(
    house: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigError) as caught:
        read(house)
    assert caught.value.problems == [f"environment: {name}: {told}"]
    monkeypatch.delenv(name)
    file = house / "secrets" / name
    file.write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(house)
    assert caught.value.problems == [f"{file}: {told}"]


def test_a_secret_file_of_no_section(house: Path) -> None:
    file = house / "secrets" / "GATEWAY_ASSR__TOKEN"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="no key is called so"):
        read(house)


def test_an_unknown_key_is_told_with_its_place(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRT", "x")
    with pytest.raises(ConfigError) as caught:
        channel_settings(read(house).channel[0])
    [problem] = caught.value.problems
    assert problem.startswith("environment: GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRT: channel[city-wechat].app_secrt: ")


@pytest.mark.parametrize("rest", ["", "__", "__ID", "__TOKEN__", "____TOKEN"])
def test_a_name_without_a_key_is_told(house: Path, monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    monkeypatch.setenv(f"GATEWAY_CHANNEL__CITY_WECHAT{rest}", "x")
    with pytest.raises(ConfigError, match="name a key of channel 'city-wechat'"):
        read(house)


@pytest.mark.parametrize(
    "said", ["channel = 3", "[channel]\nid = 'a'", "[[channel]]\nid = ['a']", "[[channel]]\nkind = 'sip'"]
)
def test_a_broken_file_is_told_whatever_the_environment_says_of_it(
    house: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    (house / "gateway.toml").write_text(said, encoding="utf-8")
    monkeypatch.setenv("GATEWAY_CHANNEL__A__PORT", "5070")
    with pytest.raises(ConfigError):
        read(house)


def test_what_leads_into_a_plain_key_is_a_mistake_of_that_key(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET__X", "1")
    with pytest.raises(ConfigError, match="environment: GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET__X"):
        channel_settings(read(house).channel[0])


def test_a_name_of_two_ids_is_refused(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (house / "gateway.toml").open("a") as config:
        config.write('[[channel]]\nid = "city_wechat"\nkind = "wechat"\n')
    monkeypatch.setenv("GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET", "x")
    with pytest.raises(ConfigError, match="city-wechat and city_wechat"):
        read(house)


def test_the_longest_id_is_meant(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (house / "gateway.toml").open("a") as config:
        config.write('[[channel]]\nid = "hotline__two"\nkind = "sip"\n')
    monkeypatch.setenv("GATEWAY_CHANNEL__HOTLINE__TWO__PORT", "5099")
    assert [row.options.get("port") for row in read(house).channel[1:]] == [5070, "5099"]


def test_every_secret_of_every_kind_has_a_name_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = [
        (kind, key)
        for kind in known_channels()
        for key, field in load_channel_spec(kind).settings.model_fields.items()
        if "Secret" in str(field.annotation)
    ]
    assert len(secrets) > 3
    kinds = sorted({kind for kind, _ in secrets})
    (tmp_path / "c.toml").write_text("".join(f'[[channel]]\nid = "{k}-1"\nkind = "{k}"\n' for k in kinds), "utf-8")
    for kind, key in secrets:
        monkeypatch.setenv(f"GATEWAY_CHANNEL__{kind.upper()}_1__{key.upper()}", f"the {key}")
    for row in load(tmp_path / "c.toml").channel:
        assert row.options == {key: f"the {key}" for kind, key in secrets if kind == row.kind}


@given(
    value=st.text(st.characters(exclude_characters="\x00\r\n", exclude_categories=["Cs"]), max_size=40).filter(
        str.strip
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_a_secret_comes_as_it_is(house: Path, value: str) -> None:
    (house / "secrets" / "GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET").write_text(f"{value}\n", encoding="utf-8")
    if value[:1] not in {"[", "{"}:
        assert wechat_secret(house) == value
