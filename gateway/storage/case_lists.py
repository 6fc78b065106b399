"""Lists of tasks and notes, by their narrow rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.case.note import Note, NoteKind
from gateway.domain.ids import from_rfc3339
from gateway.ports.cases import ListedTask, TaskPage, TaskQuery, WaitingCase, WaitingPage
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.page_cursor import cursor_behind, row_before
from gateway.storage.task_pages import Behind, due_first
from gateway.storage.texts import check_texts

_C = t.clocks.c


class SqlCaseLists:
    """Implements ``ports.cases.CaseLists``."""

    def __init__(self, *, sql: Sql) -> None:
        """Reads this database."""
        self._sql = sql

    async def tasks(self, query: TaskQuery) -> TaskPage:
        """See ``ports.cases.CaseLists.tasks``."""
        check_texts((query.unit,))
        after = None
        if query.cursor is not None:
            due_at, task_id = row_before(query.cursor)
            after = Behind(due_at or None, task_id)
        limit = query.limit + 1
        rows = await self._sql.read(lambda c: due_first(c, query.unit, is_open=query.open, after=after, limit=limit))
        page = rows[: query.limit]
        more = cursor_behind(page[-1].due_at, page[-1].task_id) if len(rows) > query.limit else None
        return TaskPage(tuple(ListedTask(row.task_id, row.ticket_id) for row in page), more)

    async def waiting(self, *, limit: int, cursor: str | None = None) -> WaitingPage:
        """See ``ports.cases.CaseLists.waiting``."""
        query = waiting(None if cursor is None else row_before(cursor))
        rows = await self._sql.read(lambda c: c.execute(query.limit(limit + 1)).mappings().all())
        page = rows[:limit]
        items = tuple(
            WaitingCase(
                **{
                    **row,
                    "due_at": from_rfc3339(row["due_at"]),
                    "overdue_since": from_rfc3339(row["overdue_since"]) if row["overdue_since"] else None,
                }
            )
            for row in page
        )
        more = cursor_behind(page[-1]["due_at"], page[-1]["clock_id"]) if len(rows) > limit else None
        return WaitingPage(items, more)

    async def notes(self, ticket_id: str) -> list[Note]:
        """See ``ports.cases.CaseLists.notes``."""
        check_texts((ticket_id,))
        columns = t.case_notes.c
        query = sa.select(t.case_notes).where(columns.ticket_id == ticket_id).order_by(columns.at, columns.note_id)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [Note(**{**row, "kind": NoteKind(row["kind"]), "at": from_rfc3339(row["at"])}) for row in rows]


def waiting(after: tuple[str, str] | None = None) -> sa.Select[Any]:
    """Clocks of what the centre has to do, the nearest due first; behind this due time and id."""
    names = ("clock_id", "ticket_id", "task_id", "kind", "due_at", "overdue_since")
    query = sa.select(*(_C[name] for name in names)).where(t.WAITS_FOR_CENTRE).order_by(_C.due_at, _C.clock_id)
    return query if after is None else query.where(sa.tuple_(_C.due_at, _C.clock_id) > sa.tuple_(*after))
