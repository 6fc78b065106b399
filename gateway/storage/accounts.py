"""Users, sessions, API tokens and the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339
from gateway.ports.accounts import Look
from gateway.storage import tables as t
from gateway.storage.engine import Sql, upsert
from gateway.storage.texts import check_texts


class SqlAccountStore:
    """Implements ``ports.accounts.AccountStore``."""

    def __init__(self, sql: Sql) -> None:
        """Accounts of this database."""
        self._sql = sql

    async def add_user(
        self, *, username: str, name: str, role: str, password_hash: str, one_time: bool = False
    ) -> None:
        """See ``ports.accounts.AccountStore.add_user``. A replaced user's sessions end."""
        check_texts((username, name))
        row = {"username": username, "name": name, "role": role, "password_hash": password_hash, "one_time": one_time}

        def work(connection: sa.Connection) -> None:
            _replace(connection, t.users, row | {"failed": 0, "locked_until": None})
            connection.execute(sa.delete(t.sessions).where(t.sessions.c.username == username))

        await self._sql.write(work)

    async def user(self, username: str) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.user``; ``locked_until`` is a datetime or None."""
        found = await self._one(sa.select(t.users).where(t.users.c.username == username), username)
        if found is not None and found["locked_until"] is not None:
            found["locked_until"] = from_rfc3339(found["locked_until"])
        return found

    async def login_result(self, username: str, *, ok: bool, locked_until: datetime | None) -> None:
        """See ``ports.accounts.AccountStore.login_result``."""
        update = (
            sa.update(t.users)
            .where(t.users.c.username == username)
            .values(
                failed=0 if ok else t.users.c.failed + 1,
                locked_until=rfc3339(locked_until) if locked_until else None,
            )
        )
        await self._sql.write(lambda c: c.execute(update).rowcount)

    async def add_session(self, token_sha256: str, username: str, expires_at: datetime) -> None:
        """See ``ports.accounts.AccountStore.add_session``."""
        row = {"token_sha256": token_sha256, "username": username, "expires_at": rfc3339(expires_at)}
        await self._sql.write(lambda c: _replace(c, t.sessions, row))

    async def session(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.session``; ``expires_at`` is a datetime."""
        query = (
            sa.select(t.users.c.username, t.users.c.name, t.users.c.role, t.sessions.c.expires_at)
            .join_from(t.sessions, t.users, t.sessions.c.username == t.users.c.username)
            .where(t.sessions.c.token_sha256 == token_sha256, t.sessions.c.expires_at > rfc3339(now))
        )
        found = await self._one(query, token_sha256)
        return found and found | {"expires_at": from_rfc3339(found["expires_at"])}

    async def end_session(self, token_sha256: str) -> None:
        """See ``ports.accounts.AccountStore.end_session``."""
        ended = sa.delete(t.sessions).where(t.sessions.c.token_sha256 == token_sha256)
        await self._sql.write(lambda c: c.execute(ended).rowcount)

    async def add_token(
        self, *, name: str, scopes: list[str], token_sha256: str, hmac_secret: str | None = None
    ) -> None:
        """See ``ports.accounts.AccountStore.add_token``."""
        check_texts((name, *scopes, hmac_secret))
        row = {"name": name, "scopes": scopes, "token_sha256": token_sha256, "hmac_secret": hmac_secret}
        await self._sql.write(lambda c: _replace(c, t.tokens, row))

    async def token(self, token_sha256: str) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.token``."""
        query = sa.select(t.tokens.c.name, t.tokens.c.scopes).where(t.tokens.c.token_sha256 == token_sha256)
        return await self._one(query, token_sha256)

    async def tokens(self) -> list[dict[str, Any]]:
        """See ``ports.accounts.AccountStore.tokens``."""
        table = t.tokens.c
        query = sa.select(table.name, table.scopes, table.hmac_secret.is_not(None).label("signs")).order_by(table.name)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [{**row, "signs": bool(row["signs"])} for row in rows]

    async def remove_token(self, name: str) -> bool:
        """See ``ports.accounts.AccountStore.remove_token``."""
        check_texts((name,))
        delete = sa.delete(t.tokens).where(t.tokens.c.name == name)
        return await self._sql.write(lambda c: c.execute(delete).rowcount) > 0

    async def source_secret(self, name: str) -> str | None:
        """See ``ports.accounts.AccountStore.source_secret``."""
        found = await self._one(sa.select(t.tokens.c.hmac_secret).where(t.tokens.c.name == name), name)
        return found["hmac_secret"] if found else None

    async def add_phone(self, *, username: str, ha1: dict[str, str], agent: str | None) -> None:
        """See ``ports.accounts.AccountStore.add_phone``; replaces an earlier phone of that name."""
        check_texts((username, agent))
        row = {"username": username, "ha1": ha1, "agent": agent}
        await self._sql.write(lambda c: _replace(c, t.phones, row))

    async def audit(self, *, actor: str, action: str, ticket_id: str | None, at: datetime) -> None:
        """See ``ports.accounts.AccountStore.audit``."""
        await self.audit_all([Look(actor, action, ticket_id, at)])

    async def audit_all(self, looks: Sequence[Look]) -> None:
        """See ``ports.accounts.AccountStore.audit_all``."""
        rows = []
        for look in looks:
            check_texts((look.actor, look.action, look.ticket_id))
            rows.append(
                {
                    "audit_id": new_ulid(int(look.at.timestamp() * 1000)),
                    "actor": look.actor,
                    "action": look.action,
                    "ticket_id": look.ticket_id,
                    "at": rfc3339(look.at),
                }
            )
        if rows:
            await self._sql.write(lambda c: c.execute(sa.insert(t.audit), rows).rowcount)

    async def trail(
        self, *, actor: str | None = None, ticket_id: str | None = None, before: str | None = None, limit: int = 200
    ) -> list[dict[str, Any]]:
        """See ``ports.accounts.AccountStore.trail``."""
        check_texts((actor, ticket_id, before))
        query = sa.select(t.audit).order_by(t.audit.c.audit_id.desc()).limit(limit)
        if actor is not None:
            query = query.where(t.audit.c.actor == actor)
        if ticket_id is not None:
            query = query.where(t.audit.c.ticket_id == ticket_id)
        if before is not None:
            query = query.where(t.audit.c.audit_id < before)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def _one(self, query: sa.Select[Any], key: str) -> dict[str, Any] | None:
        check_texts((key,))
        found = await self._sql.read(lambda c: c.execute(query).mappings().one_or_none())
        return dict(found) if found is not None else None


def _replace(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    statement = upsert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), row)
