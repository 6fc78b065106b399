"""Refused calls by number and day: see ``ports.refused_call``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.ports.refused_call import RefusedCall
from gateway.storage.engine import Sql, upsert
from gateway.storage.tables import refused_calls as table

KEY = ("channel_id", "day", "number")


class SqlRefusedCalls:
    """Implements ``ports.refused_call.RefusedCallStore``."""

    def __init__(self, *, sql: Sql) -> None:
        """Rows of all processes are in one table."""
        self._sql = sql

    async def add(self, calls: Sequence[RefusedCall], *, most_a_day: int) -> int:
        """See ``RefusedCallStore.add``."""
        return await self._sql.write(lambda c: _add(c, calls, most_a_day))

    async def listed(self, *, since: datetime, limit: int) -> list[dict[str, Any]]:
        """See ``RefusedCallStore.listed``."""
        query = (
            sa.select(*(column for column in table.c if column.name != "day"))
            .where(table.c.last_at >= rfc3339(since))
            .order_by(table.c.last_at, table.c.number)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def forget(self, before: datetime) -> int:
        """See ``RefusedCallStore.forget``."""
        old = sa.delete(table).where(table.c.last_at < rfc3339(before))
        return await self._sql.write(lambda c: c.execute(old).rowcount)


def _add(connection: sa.Connection, calls: Sequence[RefusedCall], most_a_day: int) -> int:
    left_out = 0
    room: dict[tuple[str, str], int] = {}
    for call in calls:
        days = (table.c.channel_id == call.channel_id, table.c.day == call.day)
        again = sa.update(table).where(*days, table.c.number == call.number)
        seen = connection.execute(
            again.values(
                last_at=rfc3339(call.last_at),
                reason=call.reason,
                attempts=table.c.attempts + call.attempts,
                proved=sa.or_(table.c.proved, sa.literal(call.proved)),
            )
        )
        if seen.rowcount:
            continue
        which = (call.channel_id, call.day)
        if which not in room:
            count = connection.execute(sa.select(sa.func.count()).select_from(table).where(*days)).scalar_one()
            room[which] = most_a_day - count
        if room[which] <= 0:
            left_out += 1
            continue
        room[which] -= 1
        # Another process may have written the row just now: then its attempts are the ones that count.
        connection.execute(upsert(connection, table).values(_row(call)).on_conflict_do_nothing(index_elements=KEY))
    return left_out


def _row(call: RefusedCall) -> dict[str, Any]:
    return {
        "channel_id": call.channel_id,
        "day": call.day,
        "number": call.number,
        "phone": call.phone,
        "to_raw": call.to_raw,
        "reason": call.reason,
        "proved": call.proved,
        "first_at": rfc3339(call.first_at),
        "last_at": rfc3339(call.last_at),
        "attempts": call.attempts,
    }
