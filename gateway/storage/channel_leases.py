"""Which process runs a channel that only one may run: a row a channel, taken and renewed by one statement.

``lease_until`` is for people to read: a lease runs out for who has seen it unrenewed (``domain.seen_leases``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.domain.seen_leases import SeenLeases
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.engine import Sql, upsert


class SqlChannelLeases:
    """Implements ``ports.store.ChannelLeases``."""

    def __init__(self, *, sql: Sql, clock: Clock) -> None:
        """How long a lease stands unrenewed is counted by the ``monotonic`` time of ``clock``."""
        self._sql = sql
        self._clock = clock
        self._seen: SeenLeases[str] = SeenLeases()

    async def take(self, channel_id: str, owner: str, *, lease_s: float, is_gone: Callable[[str], bool]) -> bool:
        """See ``ports.store.ChannelLeases.take``."""
        table = t.channel_leases.c
        rows = sa.select(table.channel_id, table.owner, table.lease_until)
        held = await self._sql.read(lambda c: {row[0]: (row[1], row[2]) for row in c.execute(rows)})
        run_out = self._seen.run_out(held, at=self._clock.monotonic(), lease_s=lease_s)
        row = {"owner": owner, "lease_until": rfc3339(self._clock.now() + timedelta(seconds=lease_s))}
        free = [table.owner == owner]
        if (theirs := held.get(channel_id)) is not None and (channel_id in run_out or is_gone(theirs[0])):
            free.append(sa.and_(table.owner == theirs[0], table.lease_until == theirs[1]))

        def work(connection: sa.Connection) -> bool:
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
