"""Users of the desk."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from gateway.storage import account_tables as a
from gateway.storage import login_attempts, sessions
from gateway.storage.audit import note
from gateway.storage.engine import Sql
from gateway.storage.rows import one, replace
from gateway.storage.texts import check_texts


class SqlUserStore:
    """Implements ``ports.users.UserStore``."""

    def __init__(self, sql: Sql) -> None:
        """Users of this database."""
        self._sql = sql

    async def add(
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
        """See ``ports.users.UserStore.add``."""
        check_texts((username, name, by))
        row = {"username": username, "name": name, "role": role, "password_hash": password_hash, "one_time": one_time}

        def work(connection: sa.Connection) -> None:
            replace(connection, a.users, row | {"disabled": False})
            sessions.end_of(connection, username)
            connection.execute(sa.delete(a.devices).where(a.devices.c.username == username))
            login_attempts.forget_user(connection, hashlib.sha256(username.encode()).hexdigest())
            note(connection, by, action, username, role=role)

        await self._sql.write(work)

    async def get(self, username: str) -> dict[str, Any] | None:
        """See ``ports.users.UserStore.get``."""
        return await one(self._sql, sa.select(a.users).where(a.users.c.username == username), username)

    async def all(self) -> list[dict[str, Any]]:
        """See ``ports.users.UserStore.all``."""
        shown = [column for column in a.users.c if column.name != "password_hash"]
        query = sa.select(*shown).order_by(a.users.c.username)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def change_role(self, username: str, role: str, *, by: str | None = None) -> str | None:
        """See ``ports.users.UserStore.change_role``."""
        check_texts((username, role, by))
        found = sa.select(a.users.c.role).where(a.users.c.username == username).with_for_update()
        change = sa.update(a.users).where(a.users.c.username == username).values(role=role)

        def work(connection: sa.Connection) -> str | None:
            before: str | None = connection.execute(found).scalar()
            if before is not None and before != role:
                connection.execute(change)
                note(connection, by, "user.role", username, role=role, before=before)
            return before

        return await self._sql.write(work)

    async def enable(self, username: str, *, enabled: bool, by: str | None = None) -> bool:
        """See ``ports.users.UserStore.enable``."""
        check_texts((username, by))
        change = sa.update(a.users).where(a.users.c.username == username).values(disabled=not enabled)

        def work(connection: sa.Connection) -> bool:
            if connection.execute(change).rowcount == 0:
                return False
            if enabled:
                login_attempts.forget_user(connection, hashlib.sha256(username.encode()).hexdigest())
            else:
                sessions.end_of(connection, username)
            note(connection, by, "user.enabled" if enabled else "user.disabled", username)
            return True

        return await self._sql.write(work)
