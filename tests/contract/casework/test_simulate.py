"""``gateway dispatch simulate``: last month's tickets, decided again by a table that is not in force."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.cli import main
from gateway.domain.ids import spelled_no
from gateway.storage.database import open_database
from tests.contract.storage.changes import written
from tests.support.change import Change
from tests.support.command import ROOT, configured

pytestmark = pytest.mark.contract

SHANGHAI = ZoneInfo("Asia/Shanghai")
LINGSHAN = {("place", "street"): {"code": "460108101", "name": "灵山镇"}}
TODAY = datetime.now(SHANGHAI).replace(hour=12, minute=0, second=0, microsecond=0)
LAST_MONTH = TODAY.replace(day=1) - timedelta(days=3)


def categorised(key: str, code: str, at: datetime) -> Change:
    return written(key, at=at.astimezone(UTC), fields={**LINGSHAN, ("demand", "category"): {"code": code}})


async def tickets(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    db = await open_database("", data_dir=data_dir, zone=SHANGHAI)
    try:
        await db.changes.execute(categorised("drain", "010401", LAST_MONTH))
        await db.changes.execute(categorised("dog", "060401", LAST_MONTH))
        await db.changes.execute(categorised("own label", "物业纠纷", LAST_MONTH))
        await db.changes.execute(categorised("today", "010401", TODAY))
    finally:
        await db.aclose()


def test_only_what_a_changed_row_is_about_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path)
    asyncio.run(tickets(tmp_path / "data"))
    table = tmp_path / "changed.csv"
    shipped = (ROOT / "config" / "dispatch.csv").read_text(encoding="utf-8")
    table.write_text(shipped.replace("0104,排水排污,*,*,M02,市水务局", "0104,排水排污,*,*,M07,"), encoding="utf-8")

    def simulated(*words: str) -> dict[str, Any]:
        assert main(["dispatch", "simulate", "--table", str(table), "--config", str(config), "--json", *words]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    found = simulated()
    assert found["from"] == LAST_MONTH.date().replace(day=1).isoformat()
    assert (found["asked"], found["moved"]) == (3, 1)
    assert found["undecided"] == {"before": 1, "after": 1}
    assert found["ways"] == [{"from": "M02", "to": "M07", "count": 1}]
    (ticket,) = found["tickets"]
    row = next(n for n, line in enumerate(shipped.splitlines(), 1) if line.startswith("0104,"))
    assert ticket["after"]["trace"] == [{"stage": "function", "reason": "named", "units": ["M07"], "rows": [row]}]
    assert simulated("--from", str(TODAY.date()), "--to", str(TODAY.date()))["asked"] == 1
    this_month = simulated("--from", str(TODAY.date()))
    assert (this_month["asked"], this_month["to"]) == (1, str(TODAY.date()))
    assert simulated("--to", str(LAST_MONTH.date()))["asked"] == 3
    backwards = ("--from", str(TODAY.date()), "--to", str(LAST_MONTH.date()))
    assert main(["dispatch", "simulate", "--table", str(table), "--config", str(config), *backwards]) == 1
    assert "is after" in capsys.readouterr().err
    assert main(["dispatch", "simulate", "--table", str(table), "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert "M02 → M07" in out
    assert spelled_no(ticket["ticket_no"]) in out
    assert main(["dispatch", "versions", "--config", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
