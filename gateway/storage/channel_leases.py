"""Which process runs a channel that only one may run: a row a channel, taken and renewed by one statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.engine import Sql, upsert


class SqlChannelLeases:
    """Implements ``ports.store.ChannelLeases``."""

    def __init__(self, *, sql: Sql, clock: Clock) -> None:
        """Leases are compared with ``clock``: those of several machines must agree within a few seconds."""
        self._sql = sql
        self._clock = clock

    async def take(self, channel_id: str, owner: str, *, lease_s: float, is_gone: Callable[[str], bool]) -> bool:
        """See ``ports.store.ChannelLeases.take``."""
        now = self._clock.now()
        row = {"owner": owner, "lease_until": rfc3339(now + timedelta(seconds=lease_s))}
        table = t.channel_leases.c

        def work(connection: sa.Connection) -> bool:
            held = connection.execute(sa.select(table.owner).where(table.channel_id == channel_id)).scalar()
            free = [table.owner == owner, table.lease_until <= rfc3339(now)]
            if held is not None and is_gone(held):
                free.append(table.owner == held)
            take = upsert(connection, t.channel_leases).values(channel_id=channel_id, **row)
            # Whoever comes second sees the first one's row here, committed: the condition is checked once more then.
            take = take.on_conflict_do_update(index_elements=["channel_id"], set_=row, where=sa.or_(*free))
            return connection.execute(take.returning(table.owner)).first() is not None

        return await self._sql.write(work)

    async def release(self, channel_id: str, owner: str) -> None:
        """See ``ports.store.ChannelLeases.release``."""
        table = t.channel_leases
        mine = sa.delete(table).where(table.c.channel_id == channel_id, table.c.owner == owner)
        await self._sql.write(lambda c: c.execute(mine).rowcount)
