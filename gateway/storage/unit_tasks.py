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
from gateway.storage.task_pages import COLUMNS, due_first, newest_done, place_of
from gateway.storage.texts import check_texts

_T = t.tasks.c


class SqlUnitTasks:
    """Tasks and notes of this database."""

    def __init__(self, *, sql: Sql) -> None:
        """Reads only."""
        self._sql = sql

    async def of(self, unit: str, *, open_: bool, after: str | None, limit: int) -> Sequence[UnitTaskRow]:
        """See ``ports.unit_tasks.UnitTasks.of``."""
        check_texts((unit, after))

        def read(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
            place = place_of(connection, unit, after) if after is not None else None
            if after is not None and place is None:
                raise RejectedInput("this cursor is not one of this list; leave it out to begin anew")
            if open_:
                return due_first(connection, unit, is_open=True, after=place, limit=limit)
            return newest_done(connection, unit, after=place, limit=limit)

        return [UnitTaskRow(**row._asdict()) for row in await self._sql.read(read)]

    async def one(self, task_id: str) -> UnitTaskRow:
        """See ``ports.unit_tasks.UnitTasks.one``."""
        check_texts((task_id,))
        query = sa.select(*COLUMNS).where(_T.task_id == task_id)
        found = await self._sql.read(lambda c: c.execute(query).mappings().one_or_none())
        if found is None:
            raise NotFound(f"there is no task {task_id!r}")
        return UnitTaskRow(**found)

    async def notes(self, ticket_id: str) -> Sequence[Note]:
        """See ``ports.unit_tasks.UnitTasks.notes``."""
        query = sa.select(t.case_notes).where(t.case_notes.c.ticket_id == ticket_id).order_by(t.case_notes.c.at)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [Note(**{**row, "kind": NoteKind(row["kind"]), "at": from_rfc3339(row["at"])}) for row in rows]
