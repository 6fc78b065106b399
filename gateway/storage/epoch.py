"""The waiting room's epoch: Valkey's copy must equal this one, or it is rebuilt from SQL (DESIGN 4.3)."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.engine import Sql

_ROW = t.counters.c.name == "epoch"


class Epoch:
    """A number that only grows."""

    def __init__(self, sql: Sql) -> None:
        """The epoch of this database."""
        self._sql = sql

    async def get(self) -> int:
        """The epoch in force; 0 at the beginning."""
        query = sa.select(t.counters.c.value).where(_ROW)
        return int(await self._sql.read(lambda c: c.execute(query).scalar_one()))

    async def bump(self) -> int:
        """Begin the next epoch; its number."""
        update = sa.update(t.counters).where(_ROW).values(value=t.counters.c.value + 1).returning(t.counters.c.value)
        return int(await self._sql.write(lambda c: c.execute(update).scalar_one()))
