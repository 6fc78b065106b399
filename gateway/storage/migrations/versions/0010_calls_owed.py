"""Calls that are owed belong to a person and a line, have several reasons, and are worked on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SLICE = 500
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_CALLBACKS = sa.table(
    "callbacks",
    sa.column("callback_id", sa.Text),
    sa.column("ticket_id", sa.Text),
    sa.column("interaction_id", sa.Text),
    sa.column("reason", sa.Text),
    sa.column("requester_id", sa.Text),
    sa.column("line", sa.Text),
    sa.column("state", sa.Text),
    sa.column("doc", _JSON),
)
_TICKETS = sa.table(
    "tickets", sa.column("ticket_id", sa.Text), sa.column("requester_id", sa.Text), sa.column("line", sa.Text)
)


def upgrade() -> None:
    """Add the columns, fill them from tickets, and let the reason and its interaction move into the document."""
    for name in ("requester_id", "line"):
        op.add_column("callbacks", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("callbacks", sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("callbacks", sa.Column("doc", _JSON, nullable=False, server_default="{}"))
    connection = op.get_bind()
    own = _TICKETS.c.ticket_id == _CALLBACKS.c.ticket_id
    owner = {name: sa.select(_TICKETS.c[name]).where(own).scalar_subquery() for name in ("requester_id", "line")}
    connection.execute(sa.update(_CALLBACKS).values({n: sa.func.coalesce(q, "") for n, q in owner.items()}))
    _give_reasons(connection)
    op.drop_index("callbacks_by_interaction", table_name="callbacks")
    for name in ("interaction_id", "reason"):
        op.drop_column("callbacks", name)
    still = sa.column("state") == sa.literal_column("'open'")
    op.create_index("callbacks_owed", "callbacks", ["requester_id"], sqlite_where=still, postgresql_where=still)


def _give_reasons(connection: sa.Connection) -> None:
    """In slices: never all tasks in memory."""
    table = _CALLBACKS.c
    update = (
        sa.update(_CALLBACKS)
        .where(table.callback_id == sa.bindparam("of_callback"))
        .values(doc=sa.bindparam("new_doc", type_=_JSON))
    )
    names = ("reason", "ticket_id", "interaction_id")
    last = ""
    while True:
        query = sa.select(_CALLBACKS).where(table.callback_id > last).order_by(table.callback_id).limit(SLICE)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        reasons = [{name: row[name] for name in names} for row in rows]
        docs = [
            {"of_callback": row["callback_id"], "new_doc": {"reasons": [reason]}}
            for row, reason in zip(rows, reasons, strict=True)
        ]
        connection.execute(update, docs)
        last = rows[-1]["callback_id"]


def downgrade() -> None:
    """Each task's first reason stays; an interaction keeps one task."""
    op.drop_index("callbacks_owed", table_name="callbacks")
    for name in ("interaction_id", "reason"):
        op.add_column("callbacks", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    first = _CALLBACKS.c.doc["reasons"][0]
    for name in ("interaction_id", "reason"):
        connection.execute(sa.update(_CALLBACKS).values({name: first[name].as_string()}))
    kept = sa.select(sa.func.min(_CALLBACKS.c.callback_id)).group_by(_CALLBACKS.c.interaction_id)
    connection.execute(sa.delete(_CALLBACKS).where(_CALLBACKS.c.callback_id.not_in(kept)))
    op.create_index("callbacks_by_interaction", "callbacks", ["interaction_id"], unique=True)
    for name in ("doc", "version", "line", "requester_id"):
        op.drop_column("callbacks", name)
