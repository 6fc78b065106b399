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


async def test_pages_of_what_a_unit_has_done(db: Database) -> None:
    rows = await some_tasks(db)
    wanted = [row["task_id"] for row in rows if row["unit"] == "M02" and not row["open"]]
    found: list[str] = []
    cursor = None
    while True:
        page = await db.case_lists.tasks(TaskQuery(unit="M02", open=False, newest_first=True, limit=3, cursor=cursor))
        found += [one.task_id for one in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert found == sorted(wanted, reverse=True)
    with pytest.raises(RejectedInput, match="begin anew"):
        await db.case_lists.tasks(TaskQuery(unit="M02", open=True, cursor="nobody's"))


async def test_more_goes_on_where_the_page_ended_though_its_last_task_has_moved(db: Database) -> None:
    rows = [
        {
            "task_id": name,
            "ticket_id": "t",
            "unit": "M02",
            "role": "lead",
            "status": "signed",
            "due_at": due,
            "open": True,
        }
        for name, due in (("k1", DUE[0]), ("k2", "2026-11-24T05:00:00.000Z"), ("k3", DUE[1]))
    ]
    await db.sql.write(lambda c: c.execute(sa.insert(t.tasks), rows).rowcount)
    first = await db.case_lists.tasks(TaskQuery(unit="M02", open=True, limit=1))
    extended = sa.update(t.tasks).where(t.tasks.c.task_id == "k1").values(due_at="2026-12-24T05:00:00.000Z")
    await db.sql.write(lambda c: c.execute(extended).rowcount)
    rest = await db.case_lists.tasks(TaskQuery(unit="M02", open=True, cursor=first.next_cursor))
    assert [one.task_id for one in (*first.items, *rest.items)] == ["k1", "k2", "k3", "k1"]
