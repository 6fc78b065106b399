"""`gateway tokens` and `gateway users` as a shell sees them."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.storage.database import open_database
from gateway.web.api.contacts import signature
from gateway.web.auth import sha256
from tests.support import command
from tests.support.web_house import PASSWORD, WebHouse

pytestmark = pytest.mark.integration


def gateway(data_dir: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    config = data_dir / "gateway.toml"
    config.write_text(f'data_dir = "{data_dir}"\n', encoding="utf-8")
    return command.gateway(*words, "--config", config, stdin=stdin)


async def test_a_token_is_printed_last_and_works(tmp_path: Path) -> None:
    made = gateway(tmp_path, "tokens", "create", "--name", "app", "--scope", "contacts:write", "--scope", "media:read")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip().splitlines()[-1]
    database = await open_database("", data_dir=tmp_path, zone=ZoneInfo("Asia/Shanghai"))
    found = await database.tokens.get(sha256(token))
    await database.aclose()
    assert found is not None
    assert (found["name"], found["scopes"]) == ("app", ["contacts:write", "media:read"])
    assert found["expires_at"] > datetime.now(UTC) + timedelta(days=364)
    assert gateway(tmp_path, "tokens", "create", "--name", "x", "--scope", "everything").returncode == 2
    assert gateway(tmp_path, "tokens", "create", "--name", "", "--scope", "admin").returncode == 2


async def test_a_signing_source_gets_a_secret_that_fits(house: WebHouse, tmp_path: Path) -> None:
    made = gateway(tmp_path, "tokens", "create", "--name", "grid", "--scope", "contacts:write", "--hmac")
    secret = made.stdout.splitlines()[0].split()[1]
    raw = json.dumps({"source": {"name": "grid", "event_id": "1"}, "content": "井盖坏了"}).encode()
    headers = {"Content-Type": "application/json", "X-Gateway-Signature": signature(secret, raw, int(time.time()))}
    status, _ = await house.ask("POST", "/api/v1/contacts", None, data=raw, headers=headers)
    assert status == 201


async def test_a_person_gets_a_password_that_opens_the_desk_once(house: WebHouse, tmp_path: Path) -> None:
    made = gateway(tmp_path, "users", "add", "--username", "li", "--name", "李", "--role", "supervisor")
    assert made.returncode == 0, made.stderr
    body = {"username": "li", "password": made.stdout.strip().splitlines()[-1]}
    status, session = await house.ask("POST", "/api/v1/session", None, json=body)
    assert (status, session["must_change_password"], session["role"]) == (200, True, "supervisor")


async def test_a_password_may_be_piped_in(house: WebHouse, tmp_path: Path) -> None:
    made = gateway(tmp_path, "users", "add", "--username", "li", "--password-stdin", stdin="a fine long one\n")
    assert (made.returncode, made.stdout) == (0, "")
    body = {"username": "li", "password": "a fine long one"}
    status, session = await house.ask("POST", "/api/v1/session", None, json=body)
    assert (status, session["must_change_password"]) == (200, False)
    assert gateway(tmp_path, "users", "add", "--username", "li", "--password-stdin", stdin="short\n").returncode == 2
    assert gateway(tmp_path, "users", "add", "--username", "l i").returncode == 2


async def test_disabling_and_resetting_reach_a_gateway_that_runs(house: WebHouse, tmp_path: Path) -> None:
    body = {"username": "wang", "password": PASSWORD}
    assert (await house.ask("POST", "/api/v1/session", None, json=body))[0] == 200
    assert gateway(tmp_path, "users", "disable", "--username", "wang").returncode == 0
    assert (await house.get("/api/v1/tickets", None))[0] == 401
    assert (await house.ask("POST", "/api/v1/session", None, json=body))[1]["code"] == "account_disabled"
    assert gateway(tmp_path, "users", "enable", "--username", "wang").returncode == 0
    for _ in range(5):
        await house.ask("POST", "/api/v1/session", None, json=body | {"password": "forgotten"})
    assert (await house.ask("POST", "/api/v1/session", None, json=body))[1]["code"] == "login_locked"
    made = gateway(tmp_path, "users", "reset", "--username", "wang")
    status, session = await house.ask(
        "POST", "/api/v1/session", None, json=body | {"password": made.stdout.strip().splitlines()[-1]}
    )
    assert (status, session["must_change_password"], session["role"]) == (200, True, "agent")
