"""``gateway simulate`` against a whole gateway with one channel of each kind that is reached by HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import command
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

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
id = "wx-api"
kind = "wechat"
app_id = "wx0000000000000000"
app_secret = "simulated-app-secret"
token = "simulated-token"
mode = "plain"
api_base = "http://127.0.0.1:{api}"
[[channel]]
id = "kf"
kind = "wechat"
platform = "wecom_kf"
app_id = "ww0000000000000000"
app_secret = "simulated-app-secret"
token = "simulated-token"
encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
api_base = "http://127.0.0.1:{kf}"
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
id = "smpp"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = {smpp}
system_id = "gateway"
password = "simulated"
number = "12345"
reconnect_max_s = 1
[[channel]]
id = "cmpp"
kind = "sms"
provider = "cmpp"
host = "127.0.0.1"
port = {cmpp}
sp_id = "900001"
secret = "simulated-cmpp"
number = "10690001"
version = "3.0"
reconnect_max_s = 1
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
    tables = TABLES.format(**{name: free_port() for name in ("dead", "smpp", "cmpp", "api", "kf")})
    with RunningGateway(tmp_path_factory.mktemp("simulated"), tables=tables) as running:
        yield running


def simulate(config: Path, *arguments: str) -> tuple[int, str, str]:
    done = command.gateway("simulate", *arguments, "--config", config)
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


@pytest.mark.parametrize("channel", ["smpp", "cmpp"])
def test_an_operator_that_the_gateway_connects_to(gateway: RunningGateway, channel: str) -> None:
    """Everything is taken, and people are answered: the answers are reported as delivered."""
    arguments = ("sms", "--channel", channel, "--count", "12", "--rate", "0", "--duplicates", "0.3", "--json")
    code, out, err = simulate(gateway.config, *arguments)
    assert code == 0, err + out
    summary: dict[str, Any] = json.loads(out)
    assert (summary["channel"], summary["acknowledged"], summary["forged"]) == (channel, 12, 0)
    assert summary["heard"]["submitted"] >= summary["people"] == 4

    def delivered() -> list[str]:
        records = [gateway.get(f"/api/v1/tickets/{t['ticket_id']}") for t in gateway.tickets() if t["channel"] == "sms"]
        sent = [m for r in records for i in r["interactions"] if i["channel_id"] == channel for m in i["messages"]]
        return [m["text"] for m in sent if m["direction"] == "outbound" and m["delivery"] == "delivered"]

    assert eventually(delivered)


@pytest.mark.parametrize("arguments", [("wx-api", "--api"), ("kf",)])
def test_wechat_with_its_api(gateway: RunningGateway, arguments: tuple[str, ...]) -> None:
    """Messages are stored, pictures are fetched, people are answered; nobody else's callbacks are believed."""
    sent = ("--count", "20", "--rate", "0", "--duplicates", "0.3", "--bad-signatures", "0.3", "--json")
    code, out, err = simulate(gateway.config, "wechat", "--channel", *arguments, *sent)
    assert code == 0, err + out
    summary: dict[str, Any] = json.loads(out)
    assert (summary["channel"], summary["acknowledged"]) == (arguments[0], 20)
    assert summary["forged"] == summary["forged_refused"] > 3
    assert summary["heard"]["sent"] >= summary["people"] == 6

    def pictures() -> list[dict[str, Any]]:
        records = [
            gateway.get(f"/api/v1/tickets/{t['ticket_id']}") for t in gateway.tickets() if t["channel"] == "wechat"
        ]
        said = [m for r in records for i in r["interactions"] if i["channel_id"] == arguments[0] for m in i["messages"]]
        return [message for message in said if message["kind"] == "image" and message["attachment_id"]]

    assert eventually(lambda: len(pictures()) == 2)


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
    code, _, err = simulate(empty, "sms", "--set", "provider=pigeon")
    assert code == 2
    assert "'pigeon' is unknown" in err
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
