"""Counting what is open by the partial indexes of what is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.words import CallbackState
from gateway.ports.clock import Clock
from gateway.ports.open_work import MOST, Backlog, FeedBacklog, OpenWork
from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.notice_tables import notices

_NOW = sa.bindparam("now", type_=sa.Text)
_FEED = sa.bindparam("feed", type_=sa.Text)
_TICKETS = sa.select(t.tickets.c.ticket_id).where(t.IS_PENDING).order_by(t.tickets.c.ticket_id).limit(MOST)
_PENDING = _TICKETS.subquery("waiting")
_CALL = t.interactions.c
TRANSCRIPTS = (
    sa.select(sa.func.count(), sa.func.min(_CALL.ended_at))
    .join_from(_PENDING, t.interactions, _CALL.ticket_id == _PENDING.c.ticket_id)
    .where(
        _CALL.disposition.is_not(None),
        _CALL.recording_path.is_not(None),
        sa.or_(_CALL.lease_until.is_(None), _CALL.lease_until <= _NOW),
    )
)
_HOUR = t.outbox.c.not_before
OUTBOX = (
    sa.select(t.outbox.c.channel_id, sa.func.count(), sa.func.min(sa.func.coalesce(_HOUR, t.outbox.c.created_at)))
    .where(sa.text("state = 'queued'"), sa.or_(_HOUR.is_(None), _HOUR <= _NOW))
    .group_by(t.outbox.c.channel_id)
)
"""What waits for its hour is not late."""
CALLBACKS = sa.select(sa.func.count()).select_from(t.callbacks).where(t.callbacks.c.state == CallbackState.OPEN.value)
OVERDUE = CALLBACKS.where(t.callbacks.c.due_at < _NOW)
CURSOR = sa.select(f.feeds.c.cursor).where(f.feeds.c.feed == _FEED)
_AHEAD = (t.events.c.event_seq > sa.bindparam("cursor"), t.events.c.type.not_like("feed\\_%", escape="\\"))
NEW = sa.select(sa.func.count()).select_from(t.events).where(*_AHEAD)
_ROW = f.deliveries.c
DELIVERIES = sa.select(sa.func.count(), sa.func.count(_ROW.dead_at)).select_from(f.deliveries).where(_ROW.feed == _FEED)
_FIRST = (
    sa.select(_ROW.event_seq)
    .where(_ROW.feed == _FEED, _ROW.dead_at.is_(None))
    .order_by(_ROW.event_seq)
    .limit(1)
    .scalar_subquery()
)
OLDEST = sa.select(t.events.c.at).where(t.events.c.event_seq == _FIRST)
OLDEST_NEW = sa.select(t.events.c.at).where(*_AHEAD).order_by(t.events.c.event_seq).limit(1)

_TOLD = notices.c
NOTICES = (
    sa.select(_TOLD.way, sa.func.count(), sa.func.min(_TOLD.due_at))
    .where(_TOLD.next_at.is_not(None), _TOLD.due_at <= _NOW)
    .group_by(_TOLD.way)
)
DEAD_NOTICES = sa.select(_TOLD.way, sa.func.count()).where(_TOLD.dead_at.is_not(None)).group_by(_TOLD.way)

_TICKS = t.clocks.c.next_at
_DUE = sa.select(sa.func.count(), sa.func.min(_TICKS)).where(_TICKS <= _NOW)
CLOCKS = (_DUE.where(t.clocks.c.leased_by.is_(None)), _DUE.where(t.clocks.c.leased_by.is_not(None)))
"""For both together no index serves."""


class SqlOpenWork:
    """Implements ``ports.open_work.OpenWorkStore``."""

    def __init__(self, *, sql: Sql, clock: Clock) -> None:
        """``clock`` says what is overdue, and is compared with the database's."""
        self._sql = sql
        self._clock = clock

    async def count(self, feeds: Sequence[str]) -> OpenWork:
        """See ``OpenWorkStore.count``."""
        now = rfc3339(self._clock.now())
        return await self._sql.read(lambda c: _counted(c, now, feeds))

    async def clock_offset_s(self) -> float | None:
        """See ``OpenWorkStore.clock_offset_s``."""
        began = self._clock.now()
        theirs = await self._sql.read(_time)
        if theirs is None:
            return None
        return (theirs - (began + (self._clock.now() - began) / 2)).total_seconds()


def _counted(connection: sa.Connection, now: str, feeds: Sequence[str]) -> OpenWork:
    transcripts, ended = connection.execute(TRANSCRIPTS, {"now": now}).one()
    return OpenWork(
        transcripts=Backlog(waiting=transcripts, oldest=_at(ended)),
        outbox={
            row[0]: Backlog(waiting=row[1], oldest=_at(row[2])) for row in connection.execute(OUTBOX, {"now": now})
        },
        callbacks_open=connection.execute(CALLBACKS).scalar_one(),
        callbacks_overdue=connection.execute(OVERDUE, {"now": now}).scalar_one(),
        feeds={feed: _feed(connection, feed) for feed in feeds},
        notices=_notices(connection, now),
        clocks=_clocks(connection, now),
    )


def _clocks(connection: sa.Connection, now: str) -> Backlog:
    found = [connection.execute(query, {"now": now}).one() for query in CLOCKS]
    return Backlog(
        waiting=sum(count for count, _ in found),
        oldest=_at(min((first for _, first in found if first), default=None)),
    )


def _notices(connection: sa.Connection, now: str) -> dict[str, FeedBacklog]:
    waiting = {row[0]: row[1:] for row in connection.execute(NOTICES, {"now": now})}
    dead = {row[0]: row[1] for row in connection.execute(DEAD_NOTICES)}
    found = {}
    for way in waiting.keys() | dead.keys():
        count, oldest = waiting.get(way, (0, None))
        found[way] = FeedBacklog(waiting=count, oldest=_at(oldest), dead=dead.get(way, 0))
    return found


def _feed(connection: sa.Connection, feed: str) -> FeedBacklog:
    """Events that are no deliveries yet wait, too."""
    its: dict[str, Any] = {"feed": feed, "cursor": connection.execute(CURSOR, {"feed": feed}).scalar() or 0}
    rows, dead = connection.execute(DELIVERIES, its).one()
    oldest = connection.execute(OLDEST, its).scalar() or connection.execute(OLDEST_NEW, its).scalar()
    waiting = rows - dead + connection.execute(NEW, its).scalar_one()
    return FeedBacklog(waiting=waiting, oldest=_at(oldest), dead=dead)


def _at(text: str | None) -> datetime | None:
    return from_rfc3339(text) if text else None


def _time(connection: sa.Connection) -> datetime | None:
    if connection.dialect.name != "postgresql":
        return None
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
