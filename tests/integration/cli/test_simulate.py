"""``gateway simulate`` against a whole gateway with one channel of each kind that is reached by HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port
from tests.support.running import GATEWAY, ROOT, RunningGateway

pytestmark = pytest.mark.integration

TABLES = """
[[channel]]
id = "tg"
kind = "telegram"
token = "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345"
secret_token = "simulated-hook-secret-01"
base_url = "http://127.0.0.1:{dead}"
[[channel]]
id = "wx"
kind = "wechat"
app_id = "wx0000000000000000"
app_secret = "simulated-app-secret"
token = "simulated-token"
mode = "safe"
encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
api_base = "http://127.0.0.1:{dead}"
[[channel]]
id = "text"
kind = "sms"
provider = "tencent"
secret_id = "id"
secret_key = "simulated-key"
path_token = "simulated-path-token-1"
sdk_app_id = "1400000000"
template_id = "1"
base_url = "http://127.0.0.1:{dead}"
[[channel]]
id = "city"
kind = "platform"
source = "city-app"
secret = "simulated-source-secret-0123456789"
[[channel]]
id = "web"
kind = "webchat"
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    tables = TABLES.format(dead=free_port())
    with RunningGateway(tmp_path_factory.mktemp("simulated"), tables=tables) as running:
        yield running


def simulate(config: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*GATEWAY, "simulate", *arguments, "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("kind", ["telegram", "wechat", "sms", "platform", "webchat"])
def test_everything_is_acknowledged_and_every_forgery_refused(gateway: RunningGateway, kind: str) -> None:
    arguments = ("--count", "30", "--rate", "0", "--duplicates", "0.5", "--bad-signatures", "0.3", "--json")
    code, out, err = simulate(gateway.config, kind, *arguments)
    assert code == 0, err + out
    summary: dict[str, Any] = json.loads(out)
    assert (summary["kind"], summary["messages"], summary["acknowledged"]) == (kind, 30, 30)
    assert summary["duplicates"] > 5
    assert summary["forged"] == summary["forged_refused"] > 3


def test_each_person_has_one_ticket(gateway: RunningGateway) -> None:
    code, out, err = simulate(gateway.config, "telegram", "--count", "12", "--people", "4", "--duplicates", "1")
    assert code == 0, err
    assert "12 acknowledged" in out
    assert "0 lost" in out
    people = [ticket["requester"]["requester_id"] for ticket in gateway.tickets() if ticket["channel"] == "telegram"]
    assert len(people) == len(set(people)) in {4, 10}, (
        "one open conversation a person; ten when the run above was first"
    )


def test_what_is_missing_is_said(gateway: RunningGateway, tmp_path: Path) -> None:
    empty = tmp_path / "gateway.toml"
    empty.write_text(f'data_dir = "{tmp_path}"\n[http]\nport = {gateway.http_port}\n')
    code, _, err = simulate(empty, "telegram")
    assert code == 2
    assert "secret_token is needed" in err
    code, _, err = simulate(empty, "sms", "--set", "provider=smpp")
    assert code == 2
    assert "keeps a connection" in err
    code, out, _ = simulate(
        empty, "telegram", "--channel", "tg", "--set", "secret_token=simulated-hook-secret-01", "--count", "1", "--json"
    )
    assert (code, json.loads(out)["acknowledged"]) == (0, 1)


def test_nobody_listens(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n[http]\nport = {free_port()}\n')
    code, _, err = simulate(config, "webchat", "--count", "1")
    assert code == 2
    assert "gateway simulate" in err
