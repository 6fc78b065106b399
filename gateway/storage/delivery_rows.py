"""The rows of deliveries, as one transaction changes them: which are made, which is next, which come back.

Of a ticket's living rows the earliest is its *head*, and only heads are sent. Whoever changes which rows live (new
events, what is done or dead, what is replayed) first locks the feed's row, so that two transactions never leave a
ticket without a head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.engine import upsert
from gateway.storage.takeable import Takeable

TAKE_IN = 1000
"""How many events become deliveries in one transaction."""
LAST = sa.select(sa.func.max(t.events.c.event_seq))
_ROWS = f.deliveries
_ALIVE = _ROWS.c.dead_at.is_(None)


def wanted() -> sa.ColumnElement[bool]:
    """Events that feeds deliver: not what became of deliveries."""
    return t.events.c.type.not_like("feed\\_%", escape="\\")


def lock(connection: sa.Connection, feed: str) -> int | None:
    """One at a time changes which rows of this feed live; its cursor, None for a feed that never ran."""
    query = sa.select(f.feeds.c.cursor).where(f.feeds.c.feed == feed).with_for_update()
    return connection.execute(query).scalar()


def due(connection: sa.Connection, feed: str, free: Takeable, limit: int) -> list[int]:
    """Heads that may be sent, those first that have waited longest. Costs what it gives, however much waits."""
    found: list[int] = []
    for query in looks(feed, free):
        if len(found) < limit:
            found += connection.execute(query.limit(limit - len(found))).scalars()
    return found


def looks(feed: str, free: Takeable) -> Iterator[sa.Select[Any]]:
    """The queries of ``due``, one after the other: for all of them together no index serves."""
    columns = _ROWS.c
    rows = sa.select(columns.event_seq).where(columns.feed == feed)
    for which in free.due(_ROWS):
        yield rows.where(f.is_head, which).order_by(columns.next_at, columns.event_seq)
    for which in free.left(_ROWS):  # heads, all of them; where more is asked SQLite reads all that waits
        yield rows.where(which)


def take_in(connection: sa.Connection, feed: str, now: str) -> None:
    """Make rows for new events, at most ``TAKE_IN``."""
    connection.execute(upsert(connection, f.feeds).values(feed=feed, cursor=0).on_conflict_do_nothing())
    cursor = lock(connection, feed) or 0
    newest = min(connection.execute(LAST).scalar() or 0, cursor + TAKE_IN)
    fresh = sa.and_(t.events.c.event_seq > cursor, t.events.c.event_seq <= newest, wanted())
    connection.execute(sa.insert(_ROWS).from_select(_COLUMNS, _from_events(feed, now, fresh)))
    connection.execute(sa.update(f.feeds).where(f.feeds.c.feed == feed).values(cursor=newest))
    _promote(connection, feed, _tickets(connection, _ROWS.c.event_seq > cursor, feed))


def lease(
    connection: sa.Connection, feed: str, owner: str, seqs: Sequence[int], free: Takeable, until: str
) -> Sequence[int]:
    """Take of ``seqs`` what no other worker has taken since it was looked up."""
    columns = _ROWS.c
    still_due = (columns.feed == feed, among(columns.event_seq, seqs), free.where(_ROWS), f.is_head)
    taken = sa.update(_ROWS).where(*still_due).values(leased_by=owner, next_at=until)
    return connection.execute(taken.returning(columns.event_seq)).scalars().all()


def end(connection: sa.Connection, feed: str, seqs: Sequence[int]) -> None:
    """These are done: delete them; the next of their tickets become heads."""
    lock(connection, feed)
    gone = sa.delete(_ROWS).where(_ROWS.c.feed == feed, among(_ROWS.c.event_seq, seqs))
    tickets = connection.execute(gone.returning(_ROWS.c.ticket_id)).scalars().all()
    _promote(connection, feed, tickets)


def fail(connection: sa.Connection, feed: str, seq: int, values: dict[str, Any]) -> None:
    """Change one row that was leased; what is then the earliest of its ticket is its head."""
    lock(connection, feed)
    update = sa.update(_ROWS).where(_ROWS.c.feed == feed, _ROWS.c.event_seq == seq)
    changed = update.values(**values, leased_by=None).returning(_ROWS.c.ticket_id)
    _put_in_order(connection, feed, connection.execute(changed).scalars().all())


def revive(connection: sa.Connection, feed: str, seqs: Sequence[int], now: str) -> int:
    """Make these events due again, whether dead or delivered; how many of them were not waiting."""
    own = (_ROWS.c.feed == feed, among(_ROWS.c.event_seq, seqs))
    anew = {"dead_at": None, "attempts": 0, "next_at": now, "last_error": None}
    risen = connection.execute(sa.update(_ROWS).where(*own, _ROWS.c.dead_at.is_not(None)).values(**anew)).rowcount
    again = _from_events(feed, now, among(t.events.c.event_seq, seqs))
    made = upsert(connection, _ROWS).from_select(_COLUMNS, again).on_conflict_do_nothing()
    risen += len(connection.execute(made.returning(_ROWS.c.event_seq)).all())
    _put_in_order(connection, feed, _tickets(connection, among(_ROWS.c.event_seq, seqs), feed))
    return risen


_COLUMNS = ["feed", "event_seq", "ticket_id", "attempts", "next_at", "head"]


def _from_events(feed: str, now: str, which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = t.events.c
    fixed = (sa.literal(0), sa.literal(now), sa.false())
    return sa.select(sa.literal(feed), columns.event_seq, columns.ticket_id, *fixed).where(which)


def _tickets(connection: sa.Connection, which: sa.ColumnElement[bool], feed: str) -> Sequence[str]:
    query = sa.select(_ROWS.c.ticket_id).where(_ROWS.c.feed == feed, which).distinct()
    return connection.execute(query).scalars().all()


def _put_in_order(connection: sa.Connection, feed: str, tickets: Sequence[str]) -> None:
    """The earliest living row of each of ``tickets`` becomes its head, unless one is under way."""
    heads = sa.select(_ROWS.c.event_seq).where(_ROWS.c.feed == feed, f.is_head, among(_ROWS.c.ticket_id, tickets))
    # In this order by one index; in any other, or without reading first, SQLite reads all that waits.
    seqs = connection.execute(heads.order_by(_ROWS.c.ticket_id)).scalars().all()
    free = (_ROWS.c.feed == feed, among(_ROWS.c.event_seq, seqs), _ROWS.c.leased_by.is_(None))
    connection.execute(sa.update(_ROWS).where(*free).values(head=False))
    _promote(connection, feed, tickets)


def _promote(connection: sa.Connection, feed: str, tickets: Sequence[str]) -> None:
    """The earliest living row of each of ``tickets`` that has no head becomes it."""
    first = (
        sa.select(sa.func.min(_ROWS.c.event_seq))
        .where(_ROWS.c.feed == feed, _ALIVE, among(_ROWS.c.ticket_id, tickets))
        .group_by(_ROWS.c.ticket_id)
    )
    seqs = connection.execute(first).scalars().all()
    if not seqs:
        return
    other = _ROWS.alias("other")
    headed = sa.exists().where(other.c.feed == feed, other.c.ticket_id == _ROWS.c.ticket_id, sa.text("other.head"))
    heads = sa.update(_ROWS).where(_ROWS.c.feed == feed, among(_ROWS.c.event_seq, seqs), ~headed)
    connection.execute(heads.values(head=True))
