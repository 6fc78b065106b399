"""Sessions at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.storage import account_tables as a
from gateway.storage.among import among
from gateway.storage.asked_together import AskedTogether
from gateway.storage.engine import Sql
from gateway.storage.rows import replace, with_times
from gateway.storage.texts import check_texts


class SqlSessionStore:
    """Implements ``ports.sessions.SessionStore``."""

    def __init__(self, sql: Sql) -> None:
        """Sessions of this database."""
        self._sql = sql
        # Many streams ask at once whether they may go on.
        self._asked = AskedTogether(self._live)

    async def add(
        self, token_sha256: str, username: str, expires_at: datetime, now: datetime, *, password_hash: str | None = None
    ) -> bool:
        """See ``ports.sessions.SessionStore.add``."""
        row = {
            "token_sha256": token_sha256,
            "username": username,
            "expires_at": rfc3339(expires_at),
            "seen_at": rfc3339(now),
        }

        current = sa.select(a.users.c.password_hash).where(a.users.c.username == username).with_for_update()

        def work(connection: sa.Connection) -> bool:
            if password_hash is not None and connection.execute(current).scalar() != password_hash:
                return False
            connection.execute(sa.delete(a.sessions).where(a.sessions.c.expires_at <= rfc3339(now)))
            replace(connection, a.sessions, row)
            return True

        return await self._sql.write(work)

    async def get(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """See ``ports.sessions.SessionStore.get``; ``expires_at`` and ``seen_at`` are datetimes."""
        check_texts((token_sha256,))
        found = await self._asked.get(token_sha256)
        return found if found is not None and found["expires_at"] > now else None

    async def touch(self, token_sha256: str, now: datetime) -> None:
        """See ``ports.sessions.SessionStore.touch``."""
        touched = sa.update(a.sessions).where(a.sessions.c.token_sha256 == token_sha256).values(seen_at=rfc3339(now))
        await self._sql.write(lambda c: c.execute(touched).rowcount)

    async def end(self, token_sha256: str) -> None:
        """See ``ports.sessions.SessionStore.end``."""
        ended = sa.delete(a.sessions).where(a.sessions.c.token_sha256 == token_sha256)
        await self._sql.write(lambda c: c.execute(ended).rowcount)

    async def _live(self, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Of users that are enabled, by digest."""
        users, sessions = a.users.c, a.sessions.c
        query = (
            sa.select(
                sessions.token_sha256,
                *(users.username, users.name, users.role, users.unit, users.one_time),
                *(sessions.expires_at, sessions.seen_at),
            )
            .join_from(a.sessions, a.users, sessions.username == users.username)
            .where(among(sessions.token_sha256, digests), ~users.disabled)
        )
        rows = await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])
        return {row.pop("token_sha256"): with_times(row, "expires_at", "seen_at") or {} for row in rows}


def end_of(connection: sa.Connection, username: str) -> None:
    """End every session of a user, in the transaction of ``connection``."""
    connection.execute(sa.delete(a.sessions).where(a.sessions.c.username == username))
