"""SIP phones of our own and where they are registered (RFC 3261 section 10.3)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.audit import note
from gateway.storage.engine import Sql, upsert
from gateway.storage.rows import replace
from gateway.storage.texts import check_texts


class SqlPhoneBook:
    """Implements ``ports.channel.PhoneBook`` and ``ports.phones.PhoneStore``."""

    def __init__(self, *, sql: Sql, clock: Clock) -> None:
        """``clock`` says which bindings live."""
        self._sql = sql
        self._clock = clock

    async def add(self, *, username: str, ha1: dict[str, str], agent: str | None, by: str | None = None) -> None:
        """See ``ports.phones.PhoneStore.add``; replaces an earlier phone of that name."""
        check_texts((username, agent, by))
        row = {"username": username, "ha1": ha1, "agent": agent}

        def work(connection: sa.Connection) -> None:
            replace(connection, t.phones, row)
            note(connection, by, "phone.added", username)

        await self._sql.write(work)

    async def phone_secret(self, username: str, realm: str) -> str | None:
        """See ``ports.channel.PhoneBook.phone_secret``."""
        check_texts((username, realm))
        query = sa.select(t.phones.c.ha1).where(t.phones.c.username == username)
        by_realm = await self._sql.read(lambda c: c.execute(query).scalar())
        return by_realm.get(realm) if by_realm else None

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        """See ``ports.channel.PhoneBook.bind``. An older request of the same Call-ID (10.3 step 7) changes nothing."""
        check_texts((username, contact, call_id))
        await self._sql.write(lambda c: _bind(c, username, contact, expires_at, call_id, cseq))

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:
        """See ``ports.channel.PhoneBook.bindings``; the one that lives longest first."""
        check_texts((username,))
        table = t.bindings.c
        query = (
            sa.select(table.contact, table.expires_at)
            .where(table.username == username, table.expires_at > rfc3339(self._clock.now()))
            .order_by(table.expires_at.desc(), table.contact)
        )
        return await self._sql.read(lambda c: [(row.contact, from_rfc3339(row.expires_at)) for row in c.execute(query)])


def _bind(
    connection: sa.Connection, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int
) -> None:
    table = t.bindings
    own = sa.and_(table.c.username == username, table.c.contact == contact)
    stored = connection.execute(sa.select(table.c.call_id, table.c.cseq).where(own).with_for_update()).one_or_none()
    if stored is not None and stored.call_id == call_id and stored.cseq >= cseq:
        return
    if expires_at is None:
        connection.execute(sa.delete(table).where(own))
        return
    row = {"expires_at": rfc3339(expires_at), "call_id": call_id, "cseq": cseq}
    statement = upsert(connection, table).values(username=username, contact=contact, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["username", "contact"], set_=row))
