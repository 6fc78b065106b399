"""The rows of clocks that were computed before the public holidays of their year were known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.case_clocks import UnsureClock
from gateway.storage import tables as t
from gateway.storage.engine import Sql

_C = t.clocks.c


def unsure(begin: str, end: str, after: UnsureClock | None) -> sa.Select[Any]:
    """Those that are due from ``begin`` to before ``end``, behind ``after``, in order."""
    query = sa.select(_C.clock_id, _C.ticket_id, _C.unsure_due_at).where(
        _C.unsure_due_at >= begin, _C.unsure_due_at < end
    )
    if after is not None:
        query = query.where(sa.tuple_(_C.unsure_due_at, _C.clock_id) > (rfc3339(after.due_at), after.clock_id))
    return query.order_by(_C.unsure_due_at, _C.clock_id)


class SqlUnsureClocks:
    """Implements ``ports.case_clocks.UnsureClocks``."""

    def __init__(self, *, sql: Sql) -> None:
        """Those in this database."""
        self._sql = sql

    async def unsure(
        self, begin: datetime, end: datetime, *, after: UnsureClock | None, limit: int
    ) -> list[UnsureClock]:
        """See ``ports.case_clocks.UnsureClocks.unsure``."""
        query = unsure(rfc3339(begin), rfc3339(end), after).limit(limit)
        rows = await self._sql.read(lambda c: c.execute(query).all())
        return [
            UnsureClock(clock_id=row.clock_id, ticket_id=row.ticket_id, due_at=from_rfc3339(row.unsure_due_at))
            for row in rows
        ]
