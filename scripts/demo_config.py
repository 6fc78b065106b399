"""The demo's configuration: a telephone, a feed, and every channel on which people write, all on this machine."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from scripts.demo_people import SmsProvider


def free_port() -> int:
    """A port nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def made_once(path: Path) -> str:
    """A secret that the first run makes and later ones keep."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def written_channels(sms_url: str, key: str, *, wechat_port: int) -> str:
    """Tables of the channels on which people write; their providers are on this machine. Replies go out at any hour."""
    return f"""
[conversations]
quiet_hours = ""
[[channel]]
id = "web"
kind = "webchat"
[[channel]]
id = "wechat"
kind = "wechat"
mode = "plain"
app_id = "wx-demo"
app_secret = "{key}"
token = "{key}"
api_base = "http://127.0.0.1:{wechat_port}"
[[channel]]
id = "sms"
kind = "sms"
provider = "aliyun"
base_url = "{sms_url}"
access_key_id = "demo"
access_key_secret = "{key}"
path_token = "{key}"
sign_name = "12345"
template_code = "SMS_0"
[[channel]]
id = "app"
kind = "platform"
source = "city-app"
secret = "{key}"
"""


def write_config(data: Path, *, http: int, sip: int, receiver: int, sms: SmsProvider, key: str) -> Path:
    """The demo's configuration, in the folder ``data``; ``key`` is its providers' secret."""
    secret = made_once(data / "case_system.secret")
    config = data / "gateway.toml"
    config.touch(mode=0o600)
    config.write_text(
        f"""data_dir = "{data}"
[http]
port = {http}
[[channel]]
id = "hotline"
kind = "sip"
host = "127.0.0.1"
port = {sip}
[[feed]]
id = "cases"
kind = "webhook"
url = "http://127.0.0.1:{receiver}/events"
secret = "{secret}"
{written_channels(sms.url, key, wechat_port=free_port())}""",
        encoding="utf-8",
    )
    return config
