"""``gateway users``: added, listed, disabled, enabled, reset; every change is in the audit trail."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.cli import main
from gateway.storage.database import open_database
from tests.support.command import configured

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    return ["--config", str(configured(tmp_path))]


async def trail(data_dir: Path) -> list[dict[str, Any]]:
    database = await open_database("", data_dir=data_dir, zone=ZoneInfo("Asia/Shanghai"))
    try:
        return await database.audit.read()
    finally:
        await database.aclose()


def test_a_persons_life(config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def users(*words: str) -> int:
        return main(["users", *words, *config])

    assert users("list") == 0
    assert "gateway users add" in capsys.readouterr().err
    assert users("add", "--username", "wang", "--name", "王", "--role", "supervisor") == 0
    first = capsys.readouterr().out.strip()
    assert users("list") == 0
    assert capsys.readouterr().out == "wang\tsupervisor\t王\tone-time password\n"
    assert users("reset", "--username", "wang") == 0
    second = capsys.readouterr().out.strip()
    assert len(second) == len(first) == 16
    assert first != second
    assert users("disable", "--username", "wang") == 0
    assert capsys.readouterr().out == "wang: disabled; every session of theirs has ended\n"
    assert users("reset", "--username", "wang") == 2
    assert "gateway users enable --username wang" in capsys.readouterr().err
    assert users("list", "--json") == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown == {
        "username": "wang",
        "name": "王",
        "role": "supervisor",
        "one_time": True,
        "disabled": True,
        "unit": None,
    }
    assert users("enable", "--username", "wang") == 0
    assert capsys.readouterr().out == "wang: may log in again\n"
    assert users("role", "--username", "wang", "--role", "agent") == 0
    assert capsys.readouterr().out == "wang: agent from now on, supervisor until now\n"
    assert users("role", "--username", "li", "--role", "agent") == 1
    assert users("add", "--username", "wang", "--role", "admin") == 0
    rows = asyncio.run(trail(tmp_path / "data"))
    assert [row["action"] for row in reversed(rows)] == [
        "user.added",
        "user.reset",
        "user.disabled",
        "user.enabled",
        "user.role",
        "user.replaced",
    ]
    assert {row["actor"].partition(":")[0] for row in rows} == {"cli"}
    assert {row["detail"]["subject"] for row in rows} == {"wang"}
    assert first not in str(rows)


def test_somebody_of_a_unit(config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def users(*words: str) -> int:
        return main(["users", *words, *config])

    assert users("add", "--username", "wang", "--role", "unit") == 2
    assert "--role unit takes --unit CODE" in capsys.readouterr().err
    assert users("add", "--username", "wang", "--role", "agent", "--unit", "M02") == 2
    assert "--unit is for --role unit alone" in capsys.readouterr().err
    assert users("add", "--username", "wang", "--role", "unit", "--unit", "M99") == 2
    assert "gateway dispatch show --kind directory" in capsys.readouterr().err
    assert users("add", "--username", "wang", "--role", "unit", "--unit", "M02") == 0
    assert users("reset", "--username", "wang") == 0
    capsys.readouterr()
    assert users("list") == 0
    assert capsys.readouterr().out == "wang\tunit M02\twang\tone-time password\n"
    assert users("role", "--username", "wang", "--role", "unit", "--unit", "M04") == 0
    assert users("role", "--username", "wang", "--role", "agent") == 0
    capsys.readouterr()
    assert users("list") == 0
    assert capsys.readouterr().out == "wang\tagent\twang\tone-time password\n"
    rows = asyncio.run(trail(tmp_path / "data"))
    told = [(row["action"], row["detail"].get("unit")) for row in reversed(rows)]
    assert told == [("user.added", "M02"), ("user.reset", "M02"), ("user.role", "M04"), ("user.role", None)]


@pytest.mark.parametrize("action", ["disable", "enable", "reset"])
def test_nobody_of_this_name(config: list[str], capsys: pytest.CaptureFixture[str], action: str) -> None:
    assert main(["users", action, "--username", "li", *config]) == 1
    assert "there is no user 'li'; `gateway users list`" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["add", "reset"])
def test_a_given_password_is_held_to_the_rules(
    config: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    assert main(["users", "add", "--username", "li", *config]) == 0
    for password in ("short", "Password12345!", "my name is li-hua"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        name = ["--name", "li-hua"] if action == "add" else []
        code = main(
            ["users", action, "--username", "li-hua" if action == "add" else "li", *name, "--password-stdin", *config]
        )
        assert code == (0 if action == "reset" and "li-hua" in password else 2)
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse 47\n"))
    assert main(["users", action, "--username", "li", "--password-stdin", *config]) == 0
    assert "12 to 200 characters" in capsys.readouterr().err
