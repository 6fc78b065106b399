"""Erasing tickets and people in SQL, a short transaction at a time (``ports.erasure``): counts and events stay.

What is done to which column stands in ``erasure_table``, what to which field of a document in ``domain.erasing``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.commit import Commit
from gateway.domain.ids import from_rfc3339, parse_ticket_no, rfc3339
from gateway.domain.status import CLOSED
from gateway.errors import Conflict, NotFound
from gateway.ports.clock import Clock
from gateway.ports.erasure import ErasureKind, ErasureSubject, Ledger, OutsideRecord, Person
from gateway.storage import erasure_person as people
from gateway.storage import erasure_ticket as rows
from gateway.storage import tables as t
from gateway.storage.engine import Sql, upsert
from gateway.storage.erasure_scrub import compact, scrub, size
from gateway.storage.load import lock_writers
from gateway.storage.signal import CommitSignal
from gateway.storage.texts import check_texts

_BUSY = {
    "call": "a call or conversation of ticket {0} is open",
    "callback": "a call is owed for ticket {0}: call, or cancel it under Callbacks",
    "work": "ticket {0} is still in work: withdraw it, or wait until it is answered",
}


class SqlErasureStore:
    """Implements ``ports.erasure.ErasureStore``."""

    def __init__(self, *, sql: Sql, clock: Clock, committed: CommitSignal) -> None:
        """``committed`` is told of the tickets that have changed."""
        self._sql = sql
        self._clock = clock
        self._committed = committed

    async def named(self, kind: ErasureKind, name: str) -> ErasureSubject:
        """See ``ErasureStore.named``."""
        check_texts((name,))
        number = parse_ticket_no(name) if kind is ErasureKind.TICKET else None
        column = t.tickets.c.ticket_no if number else t.tickets.c.ticket_id
        wanted = column if kind is ErasureKind.TICKET else t.tickets.c.requester_id
        own = t.tickets.c.ticket_id if kind is ErasureKind.TICKET else t.tickets.c.requester_id
        query = sa.select(own).where(wanted == (number or name.upper())).limit(1)
        found: str | None = await self._sql.read(lambda c: c.execute(query).scalar())
        if found is None:
            raise NotFound(f"there is no {kind} {name!r}")
        return ErasureSubject(kind, found)

    async def tickets(self, subject: ErasureSubject) -> list[str]:
        """See ``ErasureStore.tickets``."""
        return await self._sql.read(lambda c: _tickets(c, subject))

    async def begin(self, subject: ErasureSubject, actor: str) -> bool:
        """See ``ErasureStore.begin``."""

        def work(connection: sa.Connection) -> bool:
            lock_writers(connection)
            left = _tickets(connection, subject)
            if not left and _is_done(connection, subject):
                return False
            _check_free(connection, left)
            _note(connection, subject, actor, self._now())
            return True

        return await self._sql.write(work)

    async def person(self, subject: ErasureSubject) -> Person | None:
        """See ``ErasureStore.person``."""
        return await self._sql.read(lambda c: people.person(c, subject))

    async def forget_person(self, person: Person) -> int:
        """See ``ErasureStore.forget_person``."""
        refused, states = await self._sql.read(lambda c: (people.refused(c, person), people.remembered(c, person)))

        def work(connection: sa.Connection) -> int:
            lock_writers(connection)
            return people.forget(connection, person, refused, states)

        return await self._sql.write(work)

    async def take(self, subject: ErasureSubject, actor: str) -> OutsideRecord | None:
        """See ``ErasureStore.take``."""

        def work(connection: sa.Connection) -> str | None:
            lock_writers(connection)
            ticket_id = next(iter(_tickets(connection, subject, limit=1)), None)
            if ticket_id is not None:
                _check_free(connection, (ticket_id,))
                _note(connection, ErasureSubject(ErasureKind.TICKET, ticket_id), actor, self._now())
                mark = sa.update(t.tickets).where(t.tickets.c.ticket_id == ticket_id, t.tickets.c.erased_at.is_(None))
                connection.execute(mark.values(erased_at=self._now()))
            return ticket_id

        taken = await self._sql.write(work)
        return None if taken is None else await self._sql.read(lambda c: rows.outside(c, taken))

    async def blank(self, ticket_id: str) -> bool:
        """See ``ErasureStore.blank``."""

        def work(connection: sa.Connection) -> bool:
            lock_writers(connection)
            return rows.blank_messages(connection, ticket_id) or rows.blank_segments(connection, ticket_id)

        return await self._sql.write(work)

    async def close(self, ticket_id: str, actor: str) -> bool:
        """See ``ErasureStore.close``."""
        subject = ErasureSubject(ErasureKind.TICKET, ticket_id)

        def work(connection: sa.Connection) -> int | None:
            seq = lock_writers(connection) + 1
            if _is_done(connection, subject):
                return None
            rows.close(connection, ticket_id, seq=seq, actor=actor, now=self._now())
            _done(connection, subject, actor, self._now())
            return seq

        seq = await self._sql.write(work)
        if seq is not None:
            commit = Commit(seq, seq, threads=None)
            self._committed.hear(commit)  # conversations of this process know of it no more than those of others
            self._committed.fire(commit)
        return seq is not None

    async def finish(self, subject: ErasureSubject, actor: str) -> bool:
        """See ``ErasureStore.finish``."""

        def work(connection: sa.Connection) -> bool:
            lock_writers(connection)
            if _tickets(connection, subject, limit=1):
                return False
            people.part(connection, subject)
            if subject.kind is ErasureKind.REQUESTER and not _is_done(connection, subject):
                _done(connection, subject, actor, self._now())
            return True

        return await self._sql.write(work)

    async def scrub(self) -> bool:
        """See ``ErasureStore.scrub``."""
        return await scrub(self._sql)

    async def compact(self) -> bool:
        """See ``ErasureStore.compact``."""
        return await compact(self._sql)

    async def size(self) -> int | None:
        """See ``ErasureStore.size``."""
        return await size(self._sql)

    async def undone(self, before: datetime, limit: int) -> list[Ledger]:
        """See ``ErasureStore.undone``."""
        table = t.erasures.c
        query = sa.select(t.erasures).where(table.done_at.is_(None), table.begun_at < rfc3339(before))
        return await self._lines(query.order_by(table.begun_at).limit(limit))

    async def ledger(self, after: str, limit: int) -> list[Ledger]:
        """See ``ErasureStore.ledger``."""
        table = t.erasures.c
        return await self._lines(
            sa.select(t.erasures).where(table.subject > after).order_by(table.subject).limit(limit)
        )

    async def _lines(self, query: sa.Select[Any]) -> list[Ledger]:
        found = await self._sql.read(lambda c: c.execute(query).all())
        return [Ledger(subject=ErasureSubject(ErasureKind(row.kind), row.subject), **_told(row)) for row in found]

    async def closed_before(self, at: datetime, after: str, limit: int) -> tuple[Sequence[str], str | None]:
        """See ``ErasureStore.closed_before``."""
        table = t.tickets.c
        columns = (table.ticket_id, table.status, table.created_at, table.updated_at, table.erased_at)
        query = sa.select(*columns).where(table.ticket_id > after).order_by(table.ticket_id).limit(limit)
        found = await self._sql.read(lambda c: c.execute(query).all())
        old = [row for row in found if from_rfc3339(row.created_at) < at]
        due = [
            row.ticket_id
            for row in old
            if row.status in CLOSED and row.erased_at is None and from_rfc3339(row.updated_at) < at
        ]
        return due, old[-1].ticket_id if len(old) == limit else None

    def _now(self) -> str:
        return rfc3339(self._clock.now())


def _told(row: Any) -> dict[str, Any]:
    return {"actor": row.actor, "begun_at": row.begun_at, "done_at": row.done_at}


def _tickets(connection: sa.Connection, subject: ErasureSubject, limit: int | None = None) -> list[str]:
    """Those of ``subject`` that are not erased, oldest first."""
    table, done = t.tickets.c, t.erasures.c
    own = table.ticket_id if subject.kind is ErasureKind.TICKET else table.requester_id
    query = (
        sa.select(table.ticket_id)
        .outerjoin(t.erasures, done.subject == table.ticket_id)
        .where(own == subject.id, done.done_at.is_(None))
        .order_by(table.ticket_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _is_done(connection: sa.Connection, subject: ErasureSubject) -> bool:
    query = sa.select(t.erasures.c.done_at).where(t.erasures.c.subject == subject.id)
    return connection.execute(query).scalar() is not None


def _check_free(connection: sa.Connection, ticket_ids: Collection[str]) -> None:
    """``Conflict`` while somebody is in touch with us about one of them, has a call coming, or waits for an answer."""
    if (busy := rows.busy(connection, ticket_ids)) is not None:
        what, ticket_no = busy
        raise Conflict(f"{_BUSY[what].format(ticket_no)}; erase when that is over, nothing is lost by asking again")


def _note(connection: sa.Connection, subject: ErasureSubject, actor: str, now: str) -> None:
    """In the ledger, from its beginning on; who asked first stays."""
    row = {"subject": subject.id, "kind": subject.kind.value, "actor": actor, "begun_at": now, "done_at": None}
    connection.execute(upsert(connection, t.erasures).values(row).on_conflict_do_nothing(index_elements=["subject"]))


def _done(connection: sa.Connection, subject: ErasureSubject, actor: str, now: str) -> None:
    ended = sa.update(t.erasures).where(t.erasures.c.subject == subject.id)
    connection.execute(ended.values(done_at=now))
    rows.audit(connection, subject, actor, now)
