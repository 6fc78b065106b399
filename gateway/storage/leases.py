"""Who owns which interaction, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.change import OpenInteraction
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.batch_state import lock_writers
from gateway.storage.engine import Sql

_ENDED = "1970-01-01T00:00:00.000Z"
"""The lease of a process that is known to be gone."""
_JOINED = sa.select(t.interactions, t.tickets.c.ticket_no, t.tickets.c.phone).join_from(
    t.interactions, t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id
)


class SqlLeaseStore:
    """Implements ``ports.store.LeaseStore``."""

    def __init__(self, *, sql: Sql, clock: Clock) -> None:
        """Leases are compared with ``clock``."""
        self._sql = sql
        self._clock = clock

    async def renew(self, interaction_ids: Sequence[str], until: datetime) -> None:
        """See ``ports.store.LeaseStore.renew``."""
        if not interaction_ids:
            return
        table = t.interactions
        update = sa.update(table).where(among(table.c.interaction_id, interaction_ids))
        await self._sql.write(lambda c: _alter(c, update.values(lease_until=rfc3339(until))))

    async def expired(self, now: datetime, limit: int = 100) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.expired``. Conversations without a lease never expire here."""
        table = t.interactions.c
        query = (
            _JOINED.where(table.disposition.is_(None), table.lease_until <= rfc3339(now))
            .order_by(table.lease_until, table.interaction_id)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [_open(row) for row in c.execute(query)])

    async def release_node(self, node: str) -> int:
        """See ``ports.store.LeaseStore.release_node``."""
        table = t.interactions
        update = sa.update(table).where(table.c.node == node, table.c.lease_until > _ENDED).values(lease_until=_ENDED)
        return await self._sql.write(lambda c: _alter(c, update))

    async def untranscribed(self, limit: int = 20) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.untranscribed``. What is still leased has an owner who transcribes it."""
        table = t.interactions.c
        query = (
            _JOINED.where(
                t.tickets.c.pending,
                table.disposition.is_not(None),
                table.recording_path.is_not(None),
                sa.or_(table.lease_until.is_(None), table.lease_until <= rfc3339(self._clock.now())),
            )
            .order_by(table.started_at, table.interaction_id)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [_open(row) for row in c.execute(query)])


def _alter(connection: sa.Connection, update: sa.Update) -> int:
    lock_writers(connection)
    return connection.execute(update).rowcount


def _open(row: sa.Row[Any]) -> OpenInteraction:
    return OpenInteraction(
        interaction_id=row.interaction_id,
        ticket_id=row.ticket_id,
        ticket_no=row.ticket_no,
        channel=row.channel,
        channel_id=row.channel_id,
        node=row.node,
        started_at=from_rfc3339(row.started_at),
        answered_at=from_rfc3339(row.answered_at) if row.answered_at else None,
        lease_until=from_rfc3339(row.lease_until) if row.lease_until else None,
        from_raw=row.from_raw,
        recording_path=row.recording_path,
        phone=row.phone,
    )
