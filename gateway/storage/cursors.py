"""Cursors of followers: see ``ports.cursors``."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage.engine import Sql, upsert
from gateway.storage.tables import cursors as table


class SqlCursors:
    """Implements ``ports.cursors.Cursors``."""

    def __init__(self, *, sql: Sql) -> None:
        """A row for each name."""
        self._sql = sql

    async def get(self, name: str) -> int | None:
        """See ``Cursors.get``."""
        query = sa.select(table.c.event_seq).where(table.c.name == name)
        return await self._sql.read(lambda c: c.execute(query).scalar())

    async def put(self, name: str, event_seq: int) -> None:
        """See ``Cursors.put``."""

        def work(connection: sa.Connection) -> None:
            row = upsert(connection, table).values(name=name, event_seq=event_seq)
            further = {"set_": {"event_seq": event_seq}, "where": table.c.event_seq < event_seq}
            connection.execute(row.on_conflict_do_update(index_elements=["name"], **further))

        await self._sql.write(work)

    async def put_new(self, name: str, event_seq: int) -> int:
        """See ``Cursors.put_new``."""
        kept = sa.select(table.c.event_seq).where(table.c.name == name)

        def work(connection: sa.Connection) -> int:
            row = upsert(connection, table).values(name=name, event_seq=event_seq)
            # Where another one's row is not committed yet, this waits for it.
            connection.execute(row.on_conflict_do_nothing(index_elements=["name"]))
            return int(connection.execute(kept).scalar_one())

        return await self._sql.write(work)
