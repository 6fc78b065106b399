"""What each feed still has to deliver. Rows are made from the event log behind a cursor, and deleted when delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.errors import NotFound
from gateway.ports.clock import Clock
from gateway.ports.feed import Delivery
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.engine import upsert
from gateway.storage.reader import event_record, whole_records
from gateway.storage.takeable import Queue, later
from gateway.storage.watched import WatchedSql

TAKE_IN = 1000
"""How many events become deliveries in one transaction."""
MAX_ERROR = 500
_LAST = sa.select(sa.func.max(t.events.c.event_seq))


class SqlDeliveryStore:
    """Implements ``ports.feed.DeliveryStore``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        self._queues: dict[str, Queue] = {}

    async def lease(self, feed: str, owner: str, *, limit: int, lease_s: float) -> list[Delivery]:
        """See ``ports.feed.DeliveryStore.lease``. Looks while others write; its own writes are short."""
        now = self._clock.now()
        if await self._sql.read(lambda c: _has_news(c, feed)):
            await self._sql.write(lambda c: _take_in(c, feed, rfc3339(now)))
        free = (await self._queue(feed).takeable(lease_s)).where(t.deliveries)
        query = _due(feed).where(free).limit(limit)
        due = await self._sql.read(lambda c: c.execute(query).scalars().all())
        if not due:
            return []
        until = later(self._clock.now(), lease_s)
        seqs = await self._sql.write(lambda c: _lease(c, feed, owner, due, free, until))
        return await self._sql.read(lambda c: _read(c, feed, seqs)) if seqs else []

    def _queue(self, feed: str) -> Queue:
        """Each feed gives its leases for a time of its own."""
        if feed not in self._queues:
            table = t.deliveries.c
            self._queues[feed] = Queue(t.deliveries, table.feed == feed, sql=self._sql, clock=self._clock)
        return self._queues[feed]

    async def delivered(self, feed: str, event_seqs: list[int]) -> None:
        """See ``ports.feed.DeliveryStore.delivered``."""
        if event_seqs:
            table = t.deliveries
            gone = sa.delete(table).where(table.c.feed == feed, among(table.c.event_seq, event_seqs))
            await self._sql.write(lambda c: c.execute(gone).rowcount)

    async def failed(self, feed: str, event_seq: int, error: str, *, retry_in_s: float | None) -> None:
        """See ``ports.feed.DeliveryStore.failed``."""
        table, now = t.deliveries, self._clock.now()
        text = error.replace("\x00", "").encode(errors="replace").decode()[:MAX_ERROR]
        then: dict[str, Any] = {"dead_at": rfc3339(now)} if retry_in_s is None else {"next_at": later(now, retry_in_s)}
        update = (
            sa.update(table)
            .where(table.c.feed == feed, table.c.event_seq == event_seq)
            .values(attempts=table.c.attempts + 1, last_error=text, leased_by=None, **then)
        )
        await self._sql.write(lambda c: c.execute(update).rowcount)

    async def dead_letters(self, feed: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """See ``ports.feed.DeliveryStore.dead_letters``; the latest first."""
        table, events = t.deliveries.c, t.events.c
        query = (
            sa.select(
                table.feed,
                table.event_seq,
                events.event_id,
                events.type,
                table.ticket_id,
                events.ticket_no,
                table.attempts,
                table.last_error,
                table.dead_at,
            )
            .join_from(t.deliveries, t.events, table.event_seq == events.event_seq)
            .where(table.dead_at.is_not(None))
            .order_by(table.dead_at.desc(), table.event_seq)
            .limit(limit)
        )
        if feed is not None:
            query = query.where(table.feed == feed)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def replay(self, feed: str, event_seq: int) -> None:
        """See ``ports.feed.DeliveryStore.replay``; its attempts count anew."""
        table = t.deliveries
        update = (
            sa.update(table)
            .where(table.c.feed == feed, table.c.event_seq == event_seq, table.c.dead_at.is_not(None))
            .values(dead_at=None, attempts=0, next_at=rfc3339(self._clock.now()))
        )
        if not await self._sql.write(lambda c: c.execute(update).rowcount):
            raise NotFound(f"feed {feed!r} has no dead letter {event_seq}")

    async def counts(self) -> dict[str, dict[str, int]]:
        """See ``ports.feed.DeliveryStore.counts``; events that are no rows yet count as pending."""
        return await self._sql.read(_counts)


def _wanted(cursor: Any) -> sa.ColumnElement[bool]:
    return sa.and_(t.events.c.event_seq > cursor, t.events.c.type.not_like("feed\\_%", escape="\\"))


def _due(feed: str) -> sa.Select[Any]:
    """The earliest living delivery of each ticket."""
    table, living = t.deliveries, t.deliveries.alias("living")
    # Grouped, not NOT EXISTS: for that SQLite leaves the index aside and compares every delivery with every other.
    first = (
        sa.select(sa.func.min(living.c.event_seq).label("event_seq"))
        .where(living.c.feed == feed, living.c.dead_at.is_(None))
        .group_by(living.c.ticket_id)
        .subquery("first")
    )
    return (
        sa.select(table.c.event_seq)
        .join_from(table, first, table.c.event_seq == first.c.event_seq)
        .where(table.c.feed == feed)
        .order_by(table.c.event_seq)
    )


def _has_news(connection: sa.Connection, feed: str) -> bool:
    cursor = connection.execute(sa.select(t.feeds.c.cursor).where(t.feeds.c.feed == feed)).scalar()
    return (cursor or 0) < (connection.execute(_LAST).scalar() or 0)


def _take_in(connection: sa.Connection, feed: str, now: str) -> None:
    """Make rows for new events. The feed's row is locked first: one worker at a time moves its cursor."""
    begin = upsert(connection, t.feeds).values(feed=feed, cursor=0).on_conflict_do_nothing()
    connection.execute(begin)
    row = t.feeds.c.feed == feed
    cursor = connection.execute(sa.select(t.feeds.c.cursor).where(row).with_for_update()).scalar_one()
    newest = min(connection.execute(_LAST).scalar() or 0, cursor + TAKE_IN)
    new = sa.select(sa.literal(feed), t.events.c.event_seq, t.events.c.ticket_id, sa.literal(0), sa.literal(now)).where(
        _wanted(cursor), t.events.c.event_seq <= newest
    )
    columns = ["feed", "event_seq", "ticket_id", "attempts", "next_at"]
    connection.execute(sa.insert(t.deliveries).from_select(columns, new))
    connection.execute(sa.update(t.feeds).where(row).values(cursor=newest))


def _lease(
    connection: sa.Connection, feed: str, owner: str, due: Sequence[int], free: sa.ColumnElement[bool], until: str
) -> Sequence[int]:
    """Take of ``due`` what no other worker has taken since it was looked up."""
    table = t.deliveries
    still_due = (table.c.feed == feed, among(table.c.event_seq, due), free)
    taken = sa.update(table).where(*still_due, table.c.dead_at.is_(None)).values(leased_by=owner, next_at=until)
    return connection.execute(taken.returning(table.c.event_seq)).scalars().all()


def _read(connection: sa.Connection, feed: str, seqs: Sequence[int]) -> list[Delivery]:
    query = (
        sa.select(t.events, t.deliveries.c.attempts)
        .join_from(t.deliveries, t.events, t.deliveries.c.event_seq == t.events.c.event_seq)
        .where(t.deliveries.c.feed == feed, among(t.deliveries.c.event_seq, seqs))
        .order_by(t.events.c.event_seq)
    )
    rows = connection.execute(query).mappings().all()
    records = whole_records(connection, [row["ticket_id"] for row in rows]) if rows else {}
    return [
        Delivery(
            feed=feed,
            event_seq=row["event_seq"],
            event_id=row["event_id"],
            type=row["type"],
            at=row["at"],
            ticket_id=row["ticket_id"],
            attempts=row["attempts"],
            event=event_record(row),
            record=records[row["ticket_id"]],
            trace=row["trace"],
        )
        for row in rows
    ]


def _counts(connection: sa.Connection) -> dict[str, dict[str, int]]:
    table = t.deliveries.c
    counts = {
        row.feed: {
            "pending": connection.execute(
                sa.select(sa.func.count()).select_from(t.events).where(_wanted(row.cursor))
            ).scalar_one(),
            "dead": 0,
        }
        for row in connection.execute(sa.select(t.feeds)).all()
    }
    query = sa.select(table.feed, table.dead_at.is_not(None).label("dead"), sa.func.count().label("n"))
    for row in connection.execute(query.group_by(table.feed, table.dead_at.is_not(None))):
        counts.setdefault(row.feed, {"pending": 0, "dead": 0})["dead" if row.dead else "pending"] += row.n
    return counts
