"""Lists of tasks hold, page by page, what putting all rows in order gives."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.errors import RejectedInput
from gateway.ports.cases import TaskQuery
from gateway.storage import tables as t
from gateway.storage.database import Database
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]
DUE = ("2026-11-24T04:00:00.000Z", "2026-11-25T04:00:00.000Z", None)
UNITS = ("M02", "E01")


async def some_tasks(db: Database) -> list[dict[str, Any]]:
    chance = random.Random(5)
    names = [f"k{n:02d}" for n in range(40)]
    rows = [
        {
            "task_id": name,
            "ticket_id": f"of-{name}",
            "unit": chance.choice(UNITS),
            "role": "lead",
            "status": "signed",
            "due_at": due_at,
            "open": is_open,
        }
        for name in names
        for is_open in (chance.random() < 0.5,)
        for due_at in (chance.choice(DUE) if is_open else None,)
    ]
    await db.sql.write(lambda c: c.execute(sa.insert(t.tasks), rows).rowcount)
    return rows


def due_first(row: dict[str, Any]) -> tuple[str, str]:
    return row["due_at"] or "9999", row["task_id"]


async def test_pages_of_tasks(db: Database) -> None:
    rows = await some_tasks(db)
    for unit in (None, *UNITS):
        for is_open in (None, True, False):
            wanted = [row for row in sorted(rows, key=due_first) if unit in {None, row["unit"]}]
            wanted = [row for row in wanted if is_open in {None, row["open"]}]
            found: list[str] = []
            cursor = None
            while True:
                page = await db.case_lists.tasks(TaskQuery(unit=unit, open=is_open, limit=3, cursor=cursor))
                found += [one.task_id for one in page.items]
                if (cursor := page.next_cursor) is None:
                    break
            assert found == [row["task_id"] for row in wanted], (unit, is_open)


async def test_pages_of_a_unit_s_own(db: Database) -> None:
    rows = await some_tasks(db)
    for is_open in (True, False):
        wanted = [row for row in rows if row["unit"] == "M02" and row["open"] is is_open]
        wanted.sort(key=due_first if is_open else lambda row: row["task_id"], reverse=not is_open)
        found: list[str] = []
        while page := await db.unit_tasks.of("M02", open_=is_open, after=found[-1] if found else None, limit=3):
            found += [row.task_id for row in page]
        assert found == [row["task_id"] for row in wanted]
    with pytest.raises(RejectedInput):
        await db.unit_tasks.of("M02", open_=True, after="nobody's", limit=3)
