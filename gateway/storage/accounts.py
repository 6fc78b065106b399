"""Users, sessions, API tokens and the audit trail."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339
from gateway.ports.accounts import Bucket, Look, Reservation
from gateway.storage import account_tables as a
from gateway.storage import login_attempts
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.asked_together import AskedTogether
from gateway.storage.engine import Sql, upsert
from gateway.storage.texts import check_texts


class SqlAccountStore:
    """Implements ``ports.accounts.AccountStore``."""

    def __init__(self, sql: Sql) -> None:
        """Accounts of this database."""
        self._sql = sql
        # Many streams ask at once whether they may go on.
        self._sessions = AskedTogether(self._live_sessions)
        self._tokens = AskedTogether(self._known_tokens)

    async def add_user(
        self,
        *,
        username: str,
        name: str,
        role: str,
        password_hash: str,
        one_time: bool = False,
        by: str | None = None,
        action: str = "user.added",
    ) -> None:
        """See ``ports.accounts.AccountStore.add_user``."""
        check_texts((username, name, by))
        row = {"username": username, "name": name, "role": role, "password_hash": password_hash, "one_time": one_time}

        def work(connection: sa.Connection) -> None:
            _replace(connection, a.users, row | {"disabled": False})
            _end_sessions(connection, username)
            connection.execute(sa.delete(a.devices).where(a.devices.c.username == username))
            login_attempts.forget_user(connection, hashlib.sha256(username.encode()).hexdigest())
            _note(connection, by, action, username, role=role)

        await self._sql.write(work)

    async def user(self, username: str) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.user``."""
        return await self._one(sa.select(a.users).where(a.users.c.username == username), username)

    async def users(self) -> list[dict[str, Any]]:
        """See ``ports.accounts.AccountStore.users``."""
        shown = [column for column in a.users.c if column.name != "password_hash"]
        query = sa.select(*shown).order_by(a.users.c.username)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def change_role(self, username: str, role: str, *, by: str | None = None) -> str | None:
        """See ``ports.accounts.AccountStore.change_role``."""
        check_texts((username, role, by))
        found = sa.select(a.users.c.role).where(a.users.c.username == username).with_for_update()
        change = sa.update(a.users).where(a.users.c.username == username).values(role=role)

        def work(connection: sa.Connection) -> str | None:
            before: str | None = connection.execute(found).scalar()
            if before is not None and before != role:
                connection.execute(change)
                _note(connection, by, "user.role", username, role=role, before=before)
            return before

        return await self._sql.write(work)

    async def enable_user(self, username: str, *, enabled: bool, by: str | None = None) -> bool:
        """See ``ports.accounts.AccountStore.enable_user``."""
        check_texts((username, by))
        change = sa.update(a.users).where(a.users.c.username == username).values(disabled=not enabled)

        def work(connection: sa.Connection) -> bool:
            if connection.execute(change).rowcount == 0:
                return False
            if enabled:
                login_attempts.forget_user(connection, hashlib.sha256(username.encode()).hexdigest())
            else:
                _end_sessions(connection, username)
            _note(connection, by, "user.enabled" if enabled else "user.disabled", username)
            return True

        return await self._sql.write(work)

    async def locked_until(self, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
        """See ``ports.accounts.AccountStore.locked_until``."""
        return await self._sql.read(lambda c: login_attempts.locked_until(c, buckets, now))

    async def reserve_attempt(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """See ``ports.accounts.AccountStore.reserve_attempt``."""
        return await self._sql.write(lambda c: login_attempts.reserve(c, buckets, now))

    async def attempt_was_right(self, *, forget: Bucket, give_back: Sequence[Bucket]) -> None:
        """See ``ports.accounts.AccountStore.attempt_was_right``."""
        await self._sql.write(lambda c: login_attempts.was_right(c, forget, give_back))

    async def knows_device(self, device_sha256: str, username: str | None, since: datetime) -> bool:
        """See ``ports.accounts.AccountStore.knows_device``."""
        table = a.devices.c
        query = sa.select(table.username).where(table.device_sha256 == device_sha256, table.seen_at > rfc3339(since))
        if username is not None:
            check_texts((username,))
            query = query.where(table.username == username)
        return await self._sql.read(lambda c: c.execute(query.limit(1)).first()) is not None

    async def remember_device(self, device_sha256: str, username: str, now: datetime) -> None:
        """See ``ports.accounts.AccountStore.remember_device``."""
        row = {"device_sha256": device_sha256, "username": username, "seen_at": rfc3339(now)}
        await self._sql.write(lambda c: _replace(c, a.devices, row))

    async def add_session(
        self, token_sha256: str, username: str, expires_at: datetime, now: datetime, *, password_hash: str | None = None
    ) -> bool:
        """See ``ports.accounts.AccountStore.add_session``."""
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
            _replace(connection, a.sessions, row)
            return True

        return await self._sql.write(work)

    async def session(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.session``; ``expires_at`` and ``seen_at`` are datetimes."""
        check_texts((token_sha256,))
        found = await self._sessions.get(token_sha256)
        return found if found is not None and found["expires_at"] > now else None

    async def _live_sessions(self, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Of users that are enabled, by digest."""
        users, sessions = a.users.c, a.sessions.c
        query = (
            sa.select(
                sessions.token_sha256,
                *(users.username, users.name, users.role, users.one_time),
                *(sessions.expires_at, sessions.seen_at),
            )
            .join_from(a.sessions, a.users, sessions.username == users.username)
            .where(among(sessions.token_sha256, digests), ~users.disabled)
        )
        rows = await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])
        return {row.pop("token_sha256"): _with_times(row, "expires_at", "seen_at") or {} for row in rows}

    async def touch_session(self, token_sha256: str, now: datetime) -> None:
        """See ``ports.accounts.AccountStore.touch_session``."""
        touched = sa.update(a.sessions).where(a.sessions.c.token_sha256 == token_sha256).values(seen_at=rfc3339(now))
        await self._sql.write(lambda c: c.execute(touched).rowcount)

    async def end_session(self, token_sha256: str) -> None:
        """See ``ports.accounts.AccountStore.end_session``."""
        ended = sa.delete(a.sessions).where(a.sessions.c.token_sha256 == token_sha256)
        await self._sql.write(lambda c: c.execute(ended).rowcount)

    async def add_token(
        self,
        *,
        name: str,
        scopes: list[str],
        token_sha256: str,
        hmac_secret: str | None = None,
        expires_at: datetime | None = None,
        addresses: Sequence[str] = (),
        by: str | None = None,
    ) -> None:
        """See ``ports.accounts.AccountStore.add_token``."""
        check_texts((name, *scopes, hmac_secret, *addresses, by))
        row = {
            "name": name,
            "scopes": scopes,
            "token_sha256": token_sha256,
            "hmac_secret": hmac_secret,
            "expires_at": rfc3339(expires_at) if expires_at is not None else None,
            "addresses": list(addresses) or None,
        }

        def work(connection: sa.Connection) -> None:
            _replace(connection, a.tokens, row)
            _note(connection, by, "token.created", name, scopes=scopes, expires_at=row["expires_at"])

        await self._sql.write(work)

    async def token(self, token_sha256: str) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.token``."""
        check_texts((token_sha256,))
        return await self._tokens.get(token_sha256)

    async def _known_tokens(self, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
        table = a.tokens.c
        query = sa.select(table.token_sha256, table.name, table.scopes, table.expires_at, table.addresses)
        query = query.where(among(table.token_sha256, digests))
        rows = await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])
        return {row.pop("token_sha256"): _token(row) or {} for row in rows}

    async def tokens(self) -> list[dict[str, Any]]:
        """See ``ports.accounts.AccountStore.tokens``."""
        table = a.tokens.c
        signs = table.hmac_secret.is_not(None).label("signs")
        query = sa.select(table.name, table.scopes, signs, table.expires_at, table.addresses).order_by(table.name)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [_token({**row, "signs": bool(row["signs"])}) or {} for row in rows]

    async def remove_token(self, name: str, *, by: str | None = None) -> bool:
        """See ``ports.accounts.AccountStore.remove_token``."""
        check_texts((name, by))
        delete = sa.delete(a.tokens).where(a.tokens.c.name == name)

        def work(connection: sa.Connection) -> bool:
            if connection.execute(delete).rowcount == 0:
                return False
            _note(connection, by, "token.revoked", name)
            return True

        return await self._sql.write(work)

    async def signing_source(self, name: str) -> dict[str, Any] | None:
        """See ``ports.accounts.AccountStore.signing_source``."""
        table = a.tokens.c
        query = sa.select(table.name, table.hmac_secret, table.expires_at, table.addresses).where(
            table.name == name, table.hmac_secret.is_not(None)
        )
        return _token(await self._one(query, name))

    async def add_phone(self, *, username: str, ha1: dict[str, str], agent: str | None, by: str | None = None) -> None:
        """See ``ports.accounts.AccountStore.add_phone``; replaces an earlier phone of that name."""
        check_texts((username, agent, by))
        row = {"username": username, "ha1": ha1, "agent": agent}

        def work(connection: sa.Connection) -> None:
            _replace(connection, t.phones, row)
            _note(connection, by, "phone.added", username)

        await self._sql.write(work)

    async def audit(
        self,
        *,
        actor: str,
        action: str,
        ticket_id: str | None,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """See ``ports.accounts.AccountStore.audit``."""
        await self.audit_all([Look(actor, action, ticket_id, at, detail)])

    async def audit_all(self, looks: Sequence[Look]) -> None:
        """See ``ports.accounts.AccountStore.audit_all``."""
        for look in looks:
            check_texts((look.actor, look.action, look.ticket_id))
        if looks:
            await self._sql.write(lambda c: _write_down(c, looks))

    async def trail(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        ticket_id: str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """See ``ports.accounts.AccountStore.trail``."""
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

    async def _one(self, query: sa.Select[Any], key: str) -> dict[str, Any] | None:
        check_texts((key,))
        found = await self._sql.read(lambda c: c.execute(query).mappings().one_or_none())
        return dict(found) if found is not None else None


def _replace(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    statement = upsert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), row)


def _end_sessions(connection: sa.Connection, username: str) -> None:
    connection.execute(sa.delete(a.sessions).where(a.sessions.c.username == username))


def _note(connection: sa.Connection, by: str | None, action: str, subject: str, **more: Any) -> None:
    """Write down in the same transaction who changed an account or token; nothing when nobody is named."""
    if by is not None:
        _write_down(connection, [Look(by, action, None, datetime.now(UTC), {"subject": subject, **more})])


def _write_down(connection: sa.Connection, looks: Sequence[Look]) -> None:
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


def _with_times(row: dict[str, Any] | None, *names: str) -> dict[str, Any] | None:
    """``row`` with its texts of time as datetimes."""
    if row is None:
        return None
    return row | {name: from_rfc3339(row[name]) if row[name] is not None else None for name in names}


def _token(row: dict[str, Any] | None) -> dict[str, Any] | None:
    found = _with_times(row, "expires_at")
    return found and found | {"addresses": tuple(found["addresses"] or ())}
