"""``gateway feeds`` on a database that has a dead letter."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gateway.cli import main
from tests.contract.feeds.houses import sqlite_house
from tests.support.command import configured, gateway

pytestmark = pytest.mark.integration


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    async with sqlite_house(tmp_path / "data") as house:
        await house.happen("A", "ticket.registered")
        await house.store.lease("cases", "test", limit=1, lease_s=1)
        await house.store.failed("cases", 1, "HTTP 422: no such district", retry_in_s=None)
    return configured(tmp_path)


def feeds(config: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return gateway("feeds", *args, "--config", config)


def test_a_dead_letter_is_shown_and_sent_again(config: Path) -> None:
    shown = feeds(config, "dead")
    assert shown.returncode == 0
    assert "cases\t1\t" in shown.stdout
    assert "HTTP 422: no such district" in shown.stdout
    assert "gateway feeds replay" in shown.stderr
    [letter] = json.loads(feeds(config, "dead", "--feed", "cases", "--json").stdout)
    assert letter["event_seq"] == 1
    assert json.loads(feeds(config, "dead", "--feed", "other", "--json").stdout) == []
    again = feeds(config, "replay", "cases", "1")
    assert (again.returncode, again.stdout) == (0, "cases 1 will be sent again\n")
    assert "no dead letters" in feeds(config, "dead").stderr


def test_a_letter_that_is_not_there(config: Path) -> None:
    answer = feeds(config, "replay", "cases", "7")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "no dead letter 7" in answer.stderr


def here(config: Path, *args: str) -> int:
    """The same without a process of its own."""
    return main(["feeds", *args, "--config", str(config)])


def test_all_of_them_at_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not one start of the program for each: thousands are a matter of seconds."""
    assert here(config, "replay", "cases", "--dead") == 0
    assert capsys.readouterr().out == "cases 1 events will be sent again\n"
    assert here(config, "list") == 0
    assert "1 waiting\t0 dead\tok" in capsys.readouterr().out
    assert here(config, "replay", "--feed", "cases", "--since", "1") == 0
    assert capsys.readouterr().out == "cases 0 events will be sent again\n"
    assert here(config, "replay", "cases") == 2
    assert "--dead" in capsys.readouterr().err
    assert here(config, "replay", "nobody", "--all") == 1
    assert here(config, "replay", "cases", "--from", "yesterday") == 2
    assert here(config, "release", "cases") == 1
    assert "not held" in capsys.readouterr().err
