"""The SQL schema of feeds: where each stands, and what it has not delivered yet (conventions: ``tables``)."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage.tables import metadata

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("paused_until", sa.Text),
    sa.Column("held_at", sa.Text),
    sa.Column("held_cause", sa.Text),
    sa.Column("held_status", sa.BigInteger),
    sa.Column("held_why", sa.Text),
    sa.Column("probes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("probe_at", sa.Text),
)
"""Up to which event_seq a feed's deliveries have been created, and since when and why it is held."""

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("event_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("leased_by", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.Column("dead_at", sa.Text),
    sa.Column("head", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)
_alive = deliveries.c.dead_at.is_(None)
_dead = deliveries.c.dead_at.is_not(None)
is_head = sa.text("head")
"""As the partial indexes below have it: SQLite uses them only where a query says the same."""
sa.Index(
    "deliveries_alive",
    deliveries.c.feed,
    deliveries.c.ticket_id,
    deliveries.c.event_seq,
    sqlite_where=_alive,
    postgresql_where=_alive,
)
_under_way = deliveries.c.leased_by.is_not(None)
sa.Index(
    "deliveries_leased",
    deliveries.c.feed,
    deliveries.c.leased_by,
    deliveries.c.next_at,
    sqlite_where=_under_way,
    postgresql_where=_under_way,
)
sa.Index("deliveries_dead", deliveries.c.feed, deliveries.c.dead_at, sqlite_where=_dead, postgresql_where=_dead)
sa.Index(
    "deliveries_due",
    deliveries.c.feed,
    deliveries.c.next_at,
    deliveries.c.event_seq,
    sqlite_where=is_head,
    postgresql_where=is_head,
)
sa.Index(
    "deliveries_one_head",
    deliveries.c.feed,
    deliveries.c.ticket_id,
    unique=True,
    sqlite_where=is_head,
    postgresql_where=is_head,
)
"""What is not delivered yet; a delivered row is deleted.

Of each ticket's living rows one is the ``head``: the earliest, which alone may be sent. So what is due is found at a
cost that does not grow with what waits behind it.
"""
