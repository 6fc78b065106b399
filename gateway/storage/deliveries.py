"""What each feed still has to deliver. Rows are made from the event log behind a cursor, and deleted when delivered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.errors import FeedRefused, NotFound
from gateway.ports.clock import Clock
from gateway.ports.feed import Delivery, Held, Replay
from gateway.storage import delivery_rows as rows
from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.reader import event_record, whole_records
from gateway.storage.takeable import Queue, Takeable, later
from gateway.storage.watched import WatchedSql

REPLAYED_AT_ONCE = 500
"""In one transaction: some milliseconds."""
REPLAY_PAUSE_S = 30.0
"""A replay that dies midway keeps its feed waiting for so long."""
MAX_ERROR = 500


class SqlDeliveryStore:
    """Implements ``ports.feed.DeliveryStore``. What is due, and when a lease has run out: see ``takeable``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        self._queues: dict[str, Queue] = {}

    async def lease(self, feed: str, owner: str, *, limit: int, lease_s: float) -> list[Delivery]:
        """See ``ports.feed.DeliveryStore.lease``. Looks while others write; its own writes are short."""
        free = await self._queue(feed).takeable(lease_s)
        at, until = free.now, later(self._clock.now(), lease_s)
        row, last = await self._sql.read(lambda c: (_feed(c, feed), c.execute(rows.LAST).scalar() or 0))
        if (row.cursor if row else 0) < last:
            await self._sql.write(lambda c: rows.take_in(c, feed, at))
        probe = 0
        if row is not None and row.paused_until is not None and not free.come(row.paused_until):
            return []
        if row is not None and row.held_at is not None:
            if not free.come(row.probe_at):
                return []
            limit, probe = 1, row.probes + 1
        due = await self._sql.read(lambda c: rows.due(c, feed, free, limit))
        if not due:
            return []

        def take(connection: sa.Connection) -> Sequence[int]:
            if probe and not _probe_taken(connection, feed, free, until):
                return ()
            return rows.lease(connection, feed, owner, due, free, until)

        seqs = await self._sql.write(take)
        return await self._sql.read(lambda c: _read(c, feed, seqs, probe)) if seqs else []

    def _queue(self, feed: str) -> Queue:
        """Each feed gives its leases for a time of its own."""
        if feed not in self._queues:
            ours = f.deliveries.c.feed == feed
            self._queues[feed] = Queue(f.deliveries, ours, sql=self._sql, clock=self._clock)
        return self._queues[feed]

    async def delivered(self, feed: str, event_seqs: list[int]) -> None:
        """See ``ports.feed.DeliveryStore.delivered``."""
        if event_seqs:
            await self._sql.write(lambda c: rows.end(c, feed, event_seqs))

    async def failed(
        self, feed: str, event_seq: int, error: str, *, retry_in_s: float | None, counted: bool = True
    ) -> None:
        """See ``ports.feed.DeliveryStore.failed``."""
        now = self._clock.now()
        values: dict[str, Any] = {"last_error": _clean(error)}
        if counted:
            values["attempts"] = f.deliveries.c.attempts + 1
        if retry_in_s is None:
            values |= {"dead_at": rfc3339(now), "head": False}
        else:
            values["next_at"] = later(now, retry_in_s)
        await self._sql.write(lambda c: rows.fail(c, feed, event_seq, values))

    async def hold(self, feed: str, refusal: FeedRefused, *, probe_in_s: float) -> bool:
        """See ``ports.feed.DeliveryStore.hold``."""
        now = self._clock.now()
        values = {"held_at": rfc3339(now), "probes": 0, "probe_at": later(now, probe_in_s), **_why(refusal)}
        return await self._change(feed, f.feeds.c.held_at.is_(None), values)

    async def probed(self, feed: str, refusal: FeedRefused | None, *, probe_in_s: float) -> bool:
        """See ``ports.feed.DeliveryStore.probed``."""
        values: dict[str, Any] = {"probe_at": later(self._clock.now(), probe_in_s)}
        if refusal is not None:
            values |= {"probes": f.feeds.c.probes + 1, **_why(refusal)}
        return await self._change(feed, f.feeds.c.held_at.is_not(None), values)

    async def release(self, feed: str) -> bool:
        """See ``ports.feed.DeliveryStore.release``."""
        return await self._change(feed, f.feeds.c.held_at.is_not(None), {"held_at": None})

    async def held(self) -> list[Held]:
        """See ``ports.feed.DeliveryStore.held``."""
        query = sa.select(f.feeds).where(f.feeds.c.held_at.is_not(None)).order_by(f.feeds.c.feed)
        found = await self._sql.read(lambda c: c.execute(query).all())
        return [
            Held(
                feed=row.feed,
                since=row.held_at,
                cause=row.held_cause,
                http_status=row.held_status,
                why=row.held_why,
                probes=row.probes,
                probe_at=row.probe_at,
            )
            for row in found
        ]

    async def dead_letters(self, feed: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """See ``ports.feed.DeliveryStore.dead_letters``; the latest first."""
        table, events = f.deliveries.c, t.events.c
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
            .join_from(f.deliveries, t.events, table.event_seq == events.event_seq)
            .where(table.dead_at.is_not(None))
            .order_by(table.dead_at.desc(), table.event_seq)
            .limit(limit)
        )
        if feed is not None:
            query = query.where(table.feed == feed)
        return await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])

    async def replay(self, feed: str, event_seq: int) -> None:
        """See ``ports.feed.DeliveryStore.replay``; its attempts count anew."""
        only = Replay(first=event_seq, last=event_seq, dead_only=True)
        known = await self._sql.read(lambda c: _feed(c, feed) is not None)
        if not known or not await self.replay_many(feed, only):
            raise NotFound(f"feed {feed!r} has no dead letter {event_seq}")

    async def replay_many(self, feed: str, what: Replay) -> int:
        """See ``ports.feed.DeliveryStore.replay_many``; many short transactions."""
        row = await self._sql.read(lambda c: _feed(c, feed))
        if row is None:
            raise NotFound(f"feed {feed!r} has never sent anything; `gateway feeds list` names those that have")
        last = row.cursor if what.last is None else min(what.last, row.cursor)  # later ones are sent anyway
        after, risen = what.first - 1, 0
        try:
            while seqs := await self._sql.read(partial(_replayable, feed=feed, what=what, after=after, last=last)):
                risen += await self._sql.write(partial(self._revive, feed=feed, seqs=seqs))
                after = seqs[-1]
        finally:
            await self._change(feed, f.feeds.c.paused_until.is_not(None), {"paused_until": None})
        return risen

    async def counts(self) -> dict[str, dict[str, int]]:
        """See ``ports.feed.DeliveryStore.counts``; events that are no rows yet count as pending."""
        return await self._sql.read(_counts)

    def _revive(self, connection: sa.Connection, feed: str, seqs: Sequence[int]) -> int:
        now = self._clock.now()
        rows.lock(connection, feed)
        pause = later(now, REPLAY_PAUSE_S)
        connection.execute(sa.update(f.feeds).where(f.feeds.c.feed == feed).values(paused_until=pause))
        return rows.revive(connection, feed, seqs, rfc3339(now))

    async def _change(self, feed: str, where: sa.ColumnElement[bool], values: dict[str, Any]) -> bool:
        update = sa.update(f.feeds).where(f.feeds.c.feed == feed, where).values(**values)
        return await self._sql.write(lambda c: c.execute(update).rowcount) > 0


def _feed(connection: sa.Connection, feed: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(f.feeds).where(f.feeds.c.feed == feed)).one_or_none()


def _probe_taken(connection: sa.Connection, feed: str, free: Takeable, until: str) -> bool:
    """Whether this worker is the one that probes now."""
    turn = (f.feeds.c.feed == feed, f.feeds.c.held_at.is_not(None), free.has_come(f.feeds.c.probe_at))
    return connection.execute(sa.update(f.feeds).where(*turn).values(probe_at=until)).rowcount > 0


def _replayable(connection: sa.Connection, feed: str, what: Replay, after: int, last: int) -> Sequence[int]:
    """The next events that ``what`` names, in their order."""
    events, table = t.events.c, f.deliveries.c
    seq = table.event_seq if what.dead_only else events.event_seq
    query = sa.select(seq).where(seq > after, seq <= last, rows.wanted()).order_by(seq).limit(REPLAYED_AT_ONCE)
    if what.dead_only:
        query = query.join_from(f.deliveries, t.events, table.event_seq == events.event_seq)
        query = query.where(table.feed == feed, table.dead_at.is_not(None))
    if what.begin is not None:
        query = query.where(events.at >= rfc3339(what.begin))
    if what.end is not None:
        query = query.where(events.at < rfc3339(what.end))
    return connection.execute(query).scalars().all()


def _read(connection: sa.Connection, feed: str, seqs: Sequence[int], probe: int) -> list[Delivery]:
    query = (
        sa.select(t.events, f.deliveries.c.attempts)
        .join_from(f.deliveries, t.events, f.deliveries.c.event_seq == t.events.c.event_seq)
        .where(f.deliveries.c.feed == feed, among(f.deliveries.c.event_seq, seqs))
        .order_by(t.events.c.event_seq)
    )
    found = connection.execute(query).mappings().all()
    records = whole_records(connection, [row["ticket_id"] for row in found]) if found else {}
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
            probe=probe,
        )
        for row in found
    ]


def _counts(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Three counts a feed, each over an index that holds nothing else."""
    table, counted = f.deliveries.c, sa.func.count()
    counts = {}
    for feed in connection.execute(sa.select(f.feeds.c.feed, f.feeds.c.cursor)).all():
        new = sa.select(counted).select_from(t.events).where(t.events.c.event_seq > feed.cursor, rows.wanted())
        own = sa.select(counted).select_from(f.deliveries).where(table.feed == feed.feed)
        alive, dead = own.where(table.dead_at.is_(None)), own.where(table.dead_at.is_not(None))
        counts[feed.feed] = {
            "pending": connection.execute(new).scalar_one() + connection.execute(alive).scalar_one(),
            "dead": connection.execute(dead).scalar_one(),
        }
    return counts


def _why(refusal: FeedRefused) -> dict[str, Any]:
    return {"held_cause": refusal.cause, "held_status": refusal.http_status, "held_why": _clean(str(refusal))}


def _clean(error: str) -> str:
    """On one line and printable: receivers answer with pages of HTML, and could write into an operator's terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in error).split())[:MAX_ERROR]
