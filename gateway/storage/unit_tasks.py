"""Units' tasks as their pages look for them; implements ``ports.unit_tasks.UnitTasks``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.note import Note, NoteKind
from gateway.domain.ids import from_rfc3339
from gateway.errors import NotFound, RejectedInput
from gateway.ports.unit_tasks import UnitTaskRow
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.texts import check_texts

_T = t.tasks.c
_COLUMNS = (_T.task_id, _T.ticket_id, _T.unit, _T.due_at, _T.open)
_LAST = "9999"
"""Behind every instant: where nothing runs."""
_DUE = sa.func.coalesce(_T.due_at, _LAST)


class SqlUnitTasks:
    """Tasks and notes of this database."""

    def __init__(self, *, sql: Sql) -> None:
        """Reads only."""
        self._sql = sql

    async def of(self, unit: str, *, open_: bool, after: str | None, limit: int) -> Sequence[UnitTaskRow]:
        """See ``ports.unit_tasks.UnitTasks.of``."""
        check_texts((unit, after))
        query = sa.select(*_COLUMNS).where(_T.unit == unit, _T.open.is_(open_)).limit(limit)
        query = query.order_by(_DUE, _T.task_id) if open_ else query.order_by(_T.task_id.desc())

        def read(connection: sa.Connection) -> Sequence[Any]:
            if after is None:
                return connection.execute(query).mappings().all()
            own = sa.select(_DUE).where(_T.task_id == after, _T.unit == unit)
            due = connection.execute(own).scalar()
            if due is None:
                raise RejectedInput("this cursor is not one of this list; leave it out to begin anew")
            behind = sa.tuple_(_DUE, _T.task_id) > sa.tuple_(sa.literal(due), sa.literal(after))
            return connection.execute(query.where(behind if open_ else _T.task_id < after)).mappings().all()

        return [UnitTaskRow(**row) for row in await self._sql.read(read)]

    async def one(self, task_id: str) -> UnitTaskRow:
        """See ``ports.unit_tasks.UnitTasks.one``."""
        check_texts((task_id,))
        query = sa.select(*_COLUMNS).where(_T.task_id == task_id)
        found = await self._sql.read(lambda c: c.execute(query).mappings().one_or_none())
        if found is None:
            raise NotFound(f"there is no task {task_id!r}")
        return UnitTaskRow(**found)

    async def notes(self, ticket_id: str) -> Sequence[Note]:
        """See ``ports.unit_tasks.UnitTasks.notes``."""
        query = sa.select(t.case_notes).where(t.case_notes.c.ticket_id == ticket_id).order_by(t.case_notes.c.at)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [Note(**{**row, "kind": NoteKind(row["kind"]), "at": from_rfc3339(row["at"])}) for row in rows]
