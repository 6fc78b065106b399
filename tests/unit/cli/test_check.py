"""``gateway check --show`` prints what is in force and no secret."""

from __future__ import annotations

import json

import pytest

from gateway.cli.check import shown
from gateway.settings import load

pytestmark = pytest.mark.unit

SECRETS = ("feed-secret-0001", "db-secret-0002", "asr-secret-0003", "redis-secret-0004", "wrong-secret-0005")
CONFIG = """
[database]
url = "postgresql+asyncpg://hotline:db-secret-0002@db.example/hotline"
[redis]
url = "redis://:redis-secret-0004@redis.example:6379/0"
[asr]
token = "asr-secret-0003"
[[channel]]
id = "hotline"
kind = "sip"
port = 5070
[[feed]]
id = "cases"
kind = "webhook"
url = "https://cases.example/in"
secret = "feed-secret-0001"
[[feed]]
id = "typo"
kind = "webhook"
url = "https://cases.example/in"
secrett = "wrong-secret-0005"
"""


def test_no_secret_is_shown_and_everything_else_is(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, encoding="utf-8")
    text = shown(load(path))
    assert [secret for secret in SECRETS if secret in text] == []
    whole = json.loads(text)
    assert whole["channel"][0]["port"] == 5070
    assert whole["channel"][0]["max_calls"] == 500
    assert whole["feed"][0]["url"] == "https://cases.example/in"
    assert "hotline:**********@db.example" in whole["database"]["url"]
