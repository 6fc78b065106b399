"""Who owns which interaction. ``lease_until`` is for people to read: see ``domain.seen_leases``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.open_interaction import OpenInteraction
from gateway.domain.seen_leases import SeenLeases
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.load import lock_writers
from gateway.storage.watched import WatchedSql

_ENDED = rfc3339(datetime.fromtimestamp(0, UTC))
"""The lease of a process that is known to be gone."""
_LIVE = (t.interactions.c.disposition.is_(None), t.interactions.c.lease_until.is_not(None))
"""Calls that somebody handles."""
LEASED_AT_ONCE = 200
"""Calls that have just ended, whose owners wait for their last words: so many keep later ones waiting at most."""
_JOINED = sa.select(t.interactions, t.tickets.c.ticket_no).join_from(
    t.interactions, t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id
)
UNTRANSCRIBED = (
    t.interactions.c.ticket_id.in_(sa.select(t.tickets.c.ticket_id).where(t.IS_PENDING)),
    t.interactions.c.disposition.is_not(None),
    t.interactions.c.recording_path.is_not(None),
)
"""Begun with the pending tickets: SQLite would read every interaction there ever was and look its ticket up."""


class SqlLeaseStore:
    """Implements ``ports.store.LeaseStore``."""

    def __init__(self, *, sql: WatchedSql) -> None:
        """No lease is known yet."""
        self._sql = sql
        self._open: SeenLeases[str] = SeenLeases()
        self._closed: SeenLeases[str] = SeenLeases()

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

    async def run_out(self, lease_s: float, limit: int = 100) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.run_out``. Conversations without a lease never run out here."""
        table = t.interactions.c
        leased = sa.select(table.interaction_id, table.lease_until).where(*_LIVE)
        seen = await self._sql.read(lambda c: {row[0]: row[1] for row in c.execute(leased)})
        ids = self._sql.run_out(self._open, seen, lease_s)
        if not ids:
            return []
        return await self._interactions(*_LIVE, among(table.interaction_id, ids), limit=limit)

    async def released(self, limit: int = 100) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.released``."""
        return await self._interactions(*_LIVE, t.interactions.c.lease_until <= _ENDED, limit=limit)

    async def release(self, is_gone: Callable[[str], bool]) -> int:
        """See ``ports.store.LeaseStore.release``."""
        table = t.interactions
        leased = (*_LIVE, table.c.lease_until > _ENDED)
        query = sa.select(table.c.owner).where(*leased, table.c.owner.is_not(None)).distinct()
        owners = await self._sql.read(lambda c: c.execute(query).scalars().all())
        gone = [owner for owner in owners if is_gone(owner)]
        if not gone:
            return 0
        end = sa.update(table).where(*leased, among(table.c.owner, gone)).values(lease_until=_ENDED)

        def work(connection: sa.Connection) -> int:
            lock_writers(connection)
            return connection.execute(end).rowcount

        return await self._sql.write(work)

    def steady_s(self) -> float:
        """See ``ports.store.LeaseStore.steady_s``."""
        return self._sql.steady_s

    async def untranscribed(
        self, lease_s: float, is_gone: Callable[[str], bool], limit: int = 20
    ) -> list[OpenInteraction]:
        """See ``ports.store.LeaseStore.untranscribed``. What is still leased has an owner who transcribes it."""
        table = t.interactions.c
        query = (
            sa.select(table.interaction_id, table.lease_until, table.owner)
            .where(*UNTRANSCRIBED)
            .order_by(table.started_at, table.interaction_id)
            .limit(limit + LEASED_AT_ONCE)
        )
        rows = await self._sql.read(lambda c: c.execute(query).all())
        held = {
            row.interaction_id: row.lease_until
            for row in rows
            if row.lease_until is not None and row.lease_until > _ENDED and not (row.owner and is_gone(row.owner))
        }
        run_out = set(self._sql.run_out(self._closed, held, lease_s))
        free = [row.interaction_id for row in rows if row.interaction_id not in held or row.interaction_id in run_out]
        return await self._interactions(*UNTRANSCRIBED, among(table.interaction_id, free[:limit])) if free else []

    async def _interactions(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[OpenInteraction]:
        table = t.interactions.c
        query = _JOINED.where(*where).order_by(table.started_at, table.interaction_id).limit(limit)
        return await self._sql.read(lambda c: [_open(row) for row in c.execute(query)])


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
