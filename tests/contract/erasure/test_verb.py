"""``gateway erase``, as somebody types it: one, another one, the ledger, and all of that again after a restore."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.cli import main
from gateway.storage.database import Database, open_database
from tests.contract.erasure.person import LI, ZHANG, dump, files_holding, holding, house, in_touch
from tests.contract.storage.changes import call
from tests.support.clocks import SHANGHAI

pytestmark = pytest.mark.contract
T = TypeVar("T")


def on_database(folder: Path, use: Callable[[Database], Awaitable[T]]) -> T:
    async def opened() -> T:
        database = await open_database("", data_dir=folder, zone=SHANGHAI)
        try:
            return await use(database)
        finally:
            await database.aclose()

    return asyncio.run(opened())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (tmp_path / "gateway.toml").write_text(f'data_dir = "{folder}"\n', encoding="utf-8")
    return folder


def erase(data: Path, *args: str) -> int:
    return main(["erase", *args, "--config", str(data.parent / "gateway.toml")])


def test_two_people_are_erased_and_once_more_after_a_restore(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zhang, (first, *_) = on_database(data, lambda db: in_touch(house(db, data), ZHANG))
    on_database(data, lambda db: in_touch(house(db, data), LI))
    shutil.copytree(data, data.parent / "backup")
    assert erase(data, "--ticket", first) == 0
    assert f"ticket {first}: 1 tickets, 1 recordings, 0 files" in capsys.readouterr().out
    assert erase(data, "--requester", zhang.lower(), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["subject"], told["tickets"], told["files"]) == ({"kind": "requester", "id": zhang}, 2, 1)
    assert erase(data, "--requester", zhang) == 0
    assert capsys.readouterr().out == f"requester {zhang}: was erased before\n"
    assert files_holding(data, ZHANG) == []
    assert erase(data, "--ledger") == 0
    ledger = data.parent / "erasures.jsonl"
    ledger.write_text(capsys.readouterr().out + '{"kind": "ticket", "subject": "01JNEVERHEARDOF"}\n', encoding="utf-8")

    shutil.rmtree(data)
    shutil.copytree(data.parent / "backup", data)
    assert files_holding(data, ZHANG)
    assert erase(data, "--again", str(ledger)) == 0
    assert "4 of the ledger are erased, 0 have to wait, 1 are not in this database" in capsys.readouterr().err
    found = on_database(data, dump)
    assert holding(found, ZHANG) == []
    assert files_holding(data, ZHANG) == []
    assert holding(found, LI)


def test_mistakes_are_told_and_change_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calling = on_database(data, lambda db: db.changes.execute(call("up", phone=ZHANG.phone)))
    before = on_database(data, dump)
    assert erase(data) == 2
    assert "name what to erase" in capsys.readouterr().err
    assert erase(data, "--ticket", "20261123-0000099") == 1
    assert "there is no ticket" in capsys.readouterr().err
    assert erase(data, "--ticket", calling.ticket_no) == 1
    assert f"a call or conversation of ticket {calling.ticket_no} is open" in capsys.readouterr().err
    ledger = data.parent / "ledger"
    ledger.write_text("no JSON\n", encoding="utf-8")
    assert erase(data, "--again", str(ledger)) == 2
    assert f"{ledger}:1: no line of" in capsys.readouterr().err
    assert erase(data, "--compact") == 0
    assert on_database(data, dump) == before
