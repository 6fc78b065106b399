"""Where a contact has got to: by its ids, from the rows that its way left."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.veil import text_wholly
from gateway.ports.way import Way
from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.engine import Sql
from gateway.storage.texts import check_texts

_OUTBOX = (
    "seq",
    "message_id",
    "channel_id",
    "state",
    "attempts",
    "created_at",
    "next_at",
    "sent_at",
    "external_id",
    "error",
)
_DELIVERY = ("feed", "event_seq", "attempts", "next_at", "last_error", "dead_at")


class SqlWays:
    """Implements ``ports.way.Ways``."""

    def __init__(self, *, sql: Sql) -> None:
        """Read through ``sql``."""
        self._sql = sql

    async def named(self, key: str) -> tuple[str, str | None] | None:
        """See ``Ways.named``."""
        check_texts((key,))
        return await self._sql.read(lambda c: _named(c, key))

    async def way(self, ticket_id: str, interaction_id: str, *, limit: int) -> Way:
        """See ``Ways.way``."""
        check_texts((ticket_id, interaction_id))
        return await self._sql.read(lambda c: _way(c, ticket_id, interaction_id, limit))


def _named(connection: sa.Connection, key: str) -> tuple[str, str | None] | None:
    events, interactions, outbox, seen = t.events.c, t.interactions.c, t.outbox.c, t.seen_keys.c
    looks = (
        (t.events, events.trace == key, events.event_seq),
        (t.interactions, interactions.interaction_id == key, None),
        (t.outbox, outbox.message_id == key, None),
        (t.outbox, outbox.external_id == key, outbox.thread_seq),
        (t.seen_keys, seen.external_id == key, seen.event_seq),
    )
    for table, where, newest in looks:
        query = sa.select(table.c.ticket_id, table.c.interaction_id).where(where).limit(1)
        if newest is not None:
            # The newest with an interaction: an event of the ticket alone says less.
            query = query.order_by(table.c.interaction_id.is_(None), newest.desc())
        found = connection.execute(query).first()
        if found is not None:
            return found.ticket_id, found.interaction_id
    return None


def _way(connection: sa.Connection, ticket_id: str, interaction_id: str, limit: int) -> Way:
    events, outbox, deliveries = t.events.c, t.outbox.c, f.deliveries.c
    own = sa.or_(events.interaction_id.is_(None), events.interaction_id == interaction_id)
    traces = connection.execute(
        sa.select(events.event_seq, events.trace)
        .where(events.ticket_id == ticket_id, own)
        .order_by(events.event_seq)
        .limit(limit)
    ).all()
    messages = t.messages.c
    queued = connection.execute(
        sa.select(t.outbox, messages.seq)
        .join_from(t.messages, t.outbox, messages.message_id == outbox.message_id)
        .where(messages.interaction_id == interaction_id)
        .order_by(messages.seq)
        .limit(limit)
    )
    feeds = {row.feed: row.cursor for row in connection.execute(sa.select(f.feeds)).all()}
    waiting = connection.execute(
        sa.select(f.deliveries)
        .where(among(deliveries.feed, feeds), among(deliveries.event_seq, [row.event_seq for row in traces]))
        .order_by(deliveries.feed, deliveries.event_seq)
    )
    return Way(
        traces={row.event_seq: row.trace for row in traces if row.trace},
        outbox=[_chosen(row, _OUTBOX) | {"trace": row["doc"].get("trace")} for row in queued.mappings()],
        feeds=feeds,
        deliveries=[_chosen(row, _DELIVERY) for row in waiting.mappings()],
    )


def _chosen(row: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """``keys`` of ``row``; a peer's own words may repeat the number that it did not reach."""
    return {key: text_wholly(row[key]) if key in {"error", "last_error"} else row[key] for key in keys}
