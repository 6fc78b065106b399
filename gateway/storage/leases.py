"""Who owns which interaction, and until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.change import OpenInteraction
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.batch_state import lock_writers
from gateway.storage.watched import WatchedSql

_ENDED = rfc3339(datetime.fromtimestamp(0, UTC))
"""The lease of a process that is known to be gone."""
_JOINED = sa.select(t.interactions, t.tickets.c.ticket_no).join_from(
    t.interactions, t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id
)

_PENDING = sa.select(t.tickets.c.ticket_id).where(t.IS_PENDING)
"""Begun with these: SQLite would read every interaction there ever was and look its ticket up."""


class SqlLeaseStore:
    """Implements ``ports.store.LeaseStore``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """Leases are compared with ``clock``."""
        self._sql = sql
        self._clock = clock

    async def renew(self, interaction_ids: Sequence[str], until: datetime, *, owner: str | None = None) -> list[str]:
        """See ``ports.store.LeaseStore.renew``."""
        if not interaction_ids:
            return []
        table = t.interactions
        ours = among(table.c.interaction_id, interaction_ids)
        owned = {} if owner is None else {"owner": sa.case((table.c.disposition.is_(None), owner), else_=table.c.owner)}
        update = sa.update(table).where(ours).values(lease_until=rfc3339(until), **owned)
        # Recovery takes the owner away from what it closes.
        taken = sa.select(table.c.interaction_id).where(ours, table.c.disposition.is_not(None), table.c.owner.is_(None))

        def work(connection: sa.Connection) -> list[str]:
            lock_writers(connection)
            connection.execute(update)
            return list(connection.execute(taken.order_by(table.c.interaction_id)).scalars())

        return await self._sql.write(work)

    async def expired(self, now: datetime, limit: int = 100) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.expired``. Conversations without a lease never expire here."""
        return await self._open_until(rfc3339(now), limit)

    async def released(self, limit: int = 100) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.released``."""
        return await self._open_until(_ENDED, limit)

    async def release(self, is_gone: Callable[[str], bool]) -> int:
        """See ``ports.store.LeaseStore.release``."""
        table = t.interactions
        leased = table.c.lease_until > rfc3339(self._clock.now())
        query = sa.select(table.c.owner).where(leased, table.c.owner.is_not(None)).distinct()
        owners = await self._sql.read(lambda c: c.execute(query).scalars().all())
        gone = [owner for owner in owners if is_gone(owner)]
        if not gone:
            return 0
        end = sa.update(table).where(leased, among(table.c.owner, gone)).values(lease_until=_ENDED)

        def work(connection: sa.Connection) -> int:
            lock_writers(connection)
            return connection.execute(end).rowcount

        return await self._sql.write(work)

    def steady_s(self) -> float:
        """See ``ports.store.LeaseStore.steady_s``."""
        return self._sql.steady_s

    async def untranscribed(self, limit: int = 20) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.untranscribed``. What is still leased has an owner who transcribes it."""
        query = untranscribed(rfc3339(self._clock.now())).limit(limit)
        return await self._sql.read(lambda c: [_open(row) for row in c.execute(query)])

    async def _open_until(self, lease_until: str, limit: int) -> list[OpenInteraction]:
        table = t.interactions.c
        query = (
            _JOINED.where(table.disposition.is_(None), table.lease_until <= lease_until)
            .order_by(table.lease_until, table.interaction_id)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [_open(row) for row in c.execute(query)])


def untranscribed(now: str) -> sa.Select[Any]:
    """Calls whose recording waits to be transcribed, the first first; what is leased after ``now`` has an owner."""
    table = t.interactions.c
    return _JOINED.where(
        table.ticket_id.in_(_PENDING),
        table.disposition.is_not(None),
        table.recording_path.is_not(None),
        sa.or_(table.lease_until.is_(None), table.lease_until <= now),
    ).order_by(table.started_at, table.interaction_id)


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
        external_id=row.external_id,
    )
