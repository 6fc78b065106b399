"""The audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import new_ulid, rfc3339
from gateway.ports.audit import Look
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.texts import check_texts


class SqlAuditTrail:
    """Implements ``ports.audit.AuditTrail``."""

    def __init__(self, sql: Sql) -> None:
        """The trail in this database."""
        self._sql = sql

    async def write(
        self,
        *,
        actor: str,
        action: str,
        ticket_id: str | None,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """See ``ports.audit.AuditTrail.write``."""
        await self.write_all([Look(actor, action, ticket_id, at, detail)])

    async def write_all(self, looks: Sequence[Look]) -> None:
        """See ``ports.audit.AuditTrail.write_all``."""
        for look in looks:
            check_texts((look.actor, look.action, look.ticket_id))
        if looks:
            await self._sql.write(lambda c: write_down(c, looks))

    async def read(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        ticket_id: str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """See ``ports.audit.AuditTrail.read``."""
        check_texts((actor, action, ticket_id, before))
        query = sa.select(t.audit).order_by(t.audit.c.audit_id.desc()).limit(limit)
        if actor is not None:
            query = query.where(t.audit.c.actor == actor)
        if action is not None:
            query = query.where(t.audit.c.action == action)
        if ticket_id is not None:
            query = query.where(t.audit.c.ticket_id == ticket_id)
        if before is not None:
            query = query.where(t.audit.c.audit_id < before)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])


def note(connection: sa.Connection, by: str | None, action: str, subject: str, **more: Any) -> None:
    """Write down in the same transaction who changed an account or token; nothing when nobody is named."""
    if by is not None:
        write_down(connection, [Look(by, action, None, datetime.now(UTC), {"subject": subject, **more})])


def write_down(connection: sa.Connection, looks: Sequence[Look]) -> None:
    """Add ``looks`` to the trail in the transaction of ``connection``."""
    rows = [
        {
            "audit_id": new_ulid(int(look.at.timestamp() * 1000)),
            "actor": look.actor,
            "action": look.action,
            "ticket_id": look.ticket_id,
            "at": rfc3339(look.at),
            "detail": dict(look.detail) if look.detail is not None else None,
        }
        for look in looks
    ]
    connection.execute(sa.insert(t.audit), rows)
