"""Lists of tasks, events and notes of cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.note import Note, NoteKind
from gateway.domain.ids import from_rfc3339
from gateway.errors import NotFound
from gateway.ports.cases import MOST_READ, ListedTask, TaskPage, TaskQuery, WaitingCase, WaitingPage
from gateway.ports.store import Record
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.page_cursor import cursor_behind, row_before
from gateway.storage.reader import event_record
from gateway.storage.task_pages import COLUMNS, Behind, due_first, newest_done
from gateway.storage.texts import check_texts

_C, _T, _E = t.clocks.c, t.tasks.c, t.events.c


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

        def read(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
            if query.open is False and query.newest_first:
                return newest_done(connection, query.unit, after=after, limit=limit)
            return due_first(connection, query.unit, is_open=query.open, after=after, limit=limit)

        rows = await self._sql.read(read)
        page = rows[: query.limit]
        more = cursor_behind(page[-1].due_at, page[-1].task_id) if len(rows) > query.limit else None
        return TaskPage(tuple(map(_listed, page)), more)

    async def task(self, task_id: str) -> ListedTask:
        """See ``ports.cases.CaseLists.task``."""
        check_texts((task_id,))
        found = await self._sql.read(
            lambda c: c.execute(sa.select(*COLUMNS).where(_T.task_id == task_id)).one_or_none()
        )
        if found is None:
            raise NotFound(f"there is no task {task_id!r}")
        return _listed(found)

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
        query = sa.select(t.case_notes).where(columns.ticket_id == ticket_id)
        newest = query.order_by(columns.at.desc(), columns.note_id.desc()).limit(MOST_READ)
        rows = await self._sql.read(lambda c: c.execute(newest).mappings().all())
        return [Note(**{**row, "kind": NoteKind(row["kind"]), "at": from_rfc3339(row["at"])}) for row in rows[::-1]]

    async def events(self, ticket_id: str, types: Collection[str]) -> list[Record]:
        """See ``ports.cases.CaseLists.events``."""
        check_texts((ticket_id,))
        query = sa.select(t.events).where(_E.ticket_id == ticket_id, _E.type.in_(types))
        newest = query.order_by(_E.event_seq.desc()).limit(MOST_READ)
        return await self._sql.read(lambda c: [event_record(row) for row in c.execute(newest).mappings()][::-1])


def _listed(row: Any) -> ListedTask:
    return ListedTask(row.task_id, row.ticket_id, row.unit)


def waiting(after: tuple[str, str] | None = None) -> sa.Select[Any]:
    """Clocks of what the centre has to do, the nearest due first; behind this due time and id."""
    names = ("clock_id", "ticket_id", "task_id", "kind", "due_at", "overdue_since")
    query = sa.select(*(_C[name] for name in names)).where(t.WAITS_FOR_CENTRE).order_by(_C.due_at, _C.clock_id)
    return query if after is None else query.where(sa.tuple_(_C.due_at, _C.clock_id) > sa.tuple_(*after))
