"""``gateway tokens``: made, listed without secrets, revoked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli import main
from tests.support.command import configured

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    return ["--config", str(configured(tmp_path))]


def test_a_token_s_life(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "list", *config]) == 0
    assert capsys.readouterr() == ("", "no tokens\n")
    assert main(["tokens", "create", "--name", "grid", "--scope", "contacts:write", "--hmac", *config]) == 0
    secret, token = capsys.readouterr().out.splitlines()
    assert main(["tokens", "create", "--name", "市长热线", "--scope", "tickets:read", "--scope", "admin", *config]) == 0
    capsys.readouterr()
    assert main(["tokens", "list", *config]) == 0
    shown = capsys.readouterr().out
    end = f"expires {datetime.now(UTC) + timedelta(days=365):%Y-%m-%d}"
    assert shown == f"grid\tcontacts:write\t{end}\tsigns contacts\n市长热线\tadmin,tickets:read\t{end}\n"
    assert token not in shown
    assert secret.removeprefix("hmac-secret ") not in shown
    assert main(["tokens", "revoke", "--name", "grid", *config]) == 0
    assert capsys.readouterr().out == "grid: revoked; running gateways refuse it within 5 s\n"
    assert main(["tokens", "list", "--json", *config]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["市长热线"]


def test_what_is_not_there_cannot_be_revoked(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "revoke", "--name", "grid", *config]) == 1
    assert "there is no token 'grid'" in capsys.readouterr().err


def test_a_token_may_be_bound_to_networks_and_given_another_end(
    config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    create = ["tokens", "create", "--name", "app", "--scope", "tickets:read", *config]
    for wrong in (["--address", "10.0.0.0/40"], ["--expires-days", "-1"], ["--expires-days", "99999"]):
        assert main([*create, *wrong]) == 2
    assert "10.1.0.0/16" in capsys.readouterr().err
    assert main([*create, "--address", "10.1.2.3/16", "--address", "2001:db8::/32", "--expires-days", "0"]) == 0
    capsys.readouterr()
    assert main(["tokens", "list", "--json", *config]) == 0
    (token,) = json.loads(capsys.readouterr().out)
    assert (token["expires_at"], token["addresses"]) == (None, ["10.1.0.0/16", "2001:db8::/32"])
    assert main(["tokens", "list", *config]) == 0
    assert capsys.readouterr().out == "app\ttickets:read\tnever expires\tfrom 10.1.0.0/16,2001:db8::/32\n"


def test_check_warns_of_tokens_without_end_and_makes_no_database(
    config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *config]) == 0
    assert "token" not in capsys.readouterr().err
    assert not Path(config[1]).with_name("data").exists()
    for days, name in (("0", "old"), ("10", "short"), ("365", "good")):
        assert main(["tokens", "create", "--name", name, "--scope", "admin", "--expires-days", days, *config]) == 0
    capsys.readouterr()
    assert main(["check", *config]) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if "warning" in line and "token" in line]
    assert len(warned) == 2
    assert "'old' never expires" in warned[0]
    assert "'short' expires at" in warned[1]
