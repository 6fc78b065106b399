"""Users of the desk and of units."""

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
        unit: str | None = None,
        one_time: bool = False,
        by: str | None = None,
        action: str = "user.added",
    ) -> None:
        """See ``ports.users.UserStore.add``."""
        check_texts((username, name, unit, by))
        row: dict[str, Any] = {"username": username, "name": name, "role": role, "unit": unit}
        row |= {"password_hash": password_hash, "one_time": one_time, "disabled": False}

        def work(connection: sa.Connection) -> None:
            replace(connection, a.users, row)
            sessions.end_of(connection, username)
            connection.execute(sa.delete(a.devices).where(a.devices.c.username == username))
            login_attempts.forget_user(connection, hashlib.sha256(username.encode()).hexdigest())
            note(connection, by, action, username, role=role, **_of(unit))

        await self._sql.write(work)

    async def get(self, username: str) -> dict[str, Any] | None:
        """See ``ports.users.UserStore.get``."""
        return await one(self._sql, sa.select(a.users).where(a.users.c.username == username), username)

    async def all(self) -> list[dict[str, Any]]:
        """See ``ports.users.UserStore.all``."""
        shown = [column for column in a.users.c if column.name != "password_hash"]
        query = sa.select(*shown).order_by(a.users.c.username)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def change_role(
        self, username: str, role: str, *, unit: str | None = None, by: str | None = None
    ) -> str | None:
        """See ``ports.users.UserStore.change_role``."""
        check_texts((username, role, unit, by))
        found = sa.select(a.users.c.role, a.users.c.unit).where(a.users.c.username == username).with_for_update()
        change = sa.update(a.users).where(a.users.c.username == username).values(role=role, unit=unit)

        def work(connection: sa.Connection) -> str | None:
            before = connection.execute(found).one_or_none()
            if before is None:
                return None
            if (before.role, before.unit) != (role, unit):
                connection.execute(change)
                note(connection, by, "user.role", username, role=role, before=before.role, **_of(unit))
            return str(before.role)

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


def _of(unit: str | None) -> dict[str, str]:
    """The unit as the audit trail names it, for those who have one."""
    return {} if unit is None else {"unit": unit}
