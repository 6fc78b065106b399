"""The SQL schema of notices to units (conventions: ``tables``)."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage.tables import metadata

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("event_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("ticket_no", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("clock_kind", sa.Text),
    sa.Column("task_id", sa.Text),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),
    sa.Column("next_at", sa.Text),
    sa.Column("leased_by", sa.Text),
    sa.Column("leased_at", sa.Text),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("sent_at", sa.Text),
    sa.Column("dead_at", sa.Text),
    sa.Index("notices_by_ticket", "ticket_no"),
    sqlite_with_rowid=False,
)
"""What units are told of which event, by the address that it goes to. ``next_at`` null: it has left (``sent_at``) or
cannot (``dead_at``). ``at`` is the event's, ``due_at`` when it was to leave first. Codes alone: what is written is made
from the ticket when it leaves."""
_waiting, _dead = notices.c.next_at.is_not(None), notices.c.dead_at.is_not(None)
_leased, _sent = notices.c.leased_by.is_not(None), notices.c.sent_at.is_not(None)
_group = (notices.c.unit, notices.c.way, notices.c.address, notices.c.urgent)
for _name, _columns, _which in (
    ("notices_waiting", (*_group, notices.c.next_at), _waiting),
    ("notices_leased", (*_group, notices.c.leased_by, notices.c.leased_at), _leased),
    ("notices_sent", (*_group, notices.c.sent_at), _sent),
    ("notices_dead", (notices.c.way, notices.c.dead_at), _dead),
):
    sa.Index(_name, *_columns, sqlite_where=_which, postgresql_where=_which)
