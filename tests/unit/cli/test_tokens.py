"""``gateway tokens``: made, listed without secrets, revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    path = tmp_path / "gateway.toml"
    path.write_text(f'data_dir = "{tmp_path / "data"}"\n', encoding="utf-8")
    return ["--config", str(path)]


def test_a_token_s_life(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "list", *config]) == 0
    assert capsys.readouterr() == ("", "no tokens\n")
    assert main(["tokens", "create", "--name", "grid", "--scope", "contacts:write", "--hmac", *config]) == 0
    secret, token = capsys.readouterr().out.splitlines()
    assert main(["tokens", "create", "--name", "市长热线", "--scope", "tickets:read", "--scope", "admin", *config]) == 0
    capsys.readouterr()
    assert main(["tokens", "list", *config]) == 0
    shown = capsys.readouterr().out
    assert shown == "grid\tcontacts:write\tsigns contacts\n市长热线\tadmin,tickets:read\n"
    assert token not in shown
    assert secret.removeprefix("hmac-secret ") not in shown
    assert main(["tokens", "revoke", "--name", "grid", *config]) == 0
    assert capsys.readouterr().out == "grid: revoked; running gateways refuse it within 5 s\n"
    assert main(["tokens", "list", "--json", *config]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["市长热线"]


def test_what_is_not_there_cannot_be_revoked(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "revoke", "--name", "grid", *config]) == 1
    assert "there is no token 'grid'" in capsys.readouterr().err
