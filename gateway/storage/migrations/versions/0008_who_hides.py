"""Who wants to stay unknown is told apart; searches of who sees records masked have words of their own.

What was known of requesters across tickets goes: nothing is carried from one ticket into the next any more. A ticket
whose requester hides leaves the others from the same number or account.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from gateway.domain.masking import is_hidden, searchable

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SLICE = 500
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_TICKETS = sa.table(
    "tickets",
    sa.column("ticket_id", sa.Text),
    sa.column("requester_id", sa.Text),
    sa.column("callback_phone", sa.Text),
    sa.column("hidden", sa.Boolean),
    sa.column("search_masked", sa.Text),
    sa.column("doc", _JSON),
)


def upgrade() -> None:
    """Add the columns, fill them, part the hidden ones."""
    op.add_column("tickets", sa.Column("callback_phone", sa.Text()))
    op.add_column("tickets", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("tickets", sa.Column("search_masked", sa.Text(), nullable=False, server_default=""))
    _fill(op.get_bind())
    for column in ("phone", "callback_phone"):
        given = sa.column(column).is_not(None)
        op.create_index(f"tickets_by_{column}", "tickets", [column], sqlite_where=given, postgresql_where=given)
    op.drop_table("requesters")


def _fill(connection: sa.Connection) -> None:
    """In slices: never all tickets in memory."""
    table = _TICKETS.c
    update = (
        sa.update(_TICKETS)
        .where(table.ticket_id == sa.bindparam("of_ticket"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("requester_id", "callback_phone", "hidden")})
        .values(search_masked=sa.bindparam("new_search_masked"), doc=sa.bindparam("new_doc", type_=_JSON))
    )
    last = ""
    while True:
        query = sa.select(_TICKETS).where(table.ticket_id > last).order_by(table.ticket_id).limit(SLICE)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        connection.execute(update, [_filled(row) for row in rows])
        last = rows[-1]["ticket_id"]


def _filled(row: Any) -> dict[str, Any]:
    doc = dict(row["doc"])
    requester = doc.get("requester") or {}
    requester_id = row["requester_id"]
    if related := doc.get("related"):  # what is similar is worked out; what stood here led to a person's last ticket
        doc["related"] = {key: value for key, value in related.items() if key != "similar"}
    if is_hidden(requester):
        requester_id = row["ticket_id"]  # an id of their own, and of nobody else's
        doc["requester"] = {**requester, "requester_id": requester_id, "returning": False}
    return {
        "of_ticket": row["ticket_id"],
        "new_requester_id": requester_id,
        "new_callback_phone": requester.get("callback_phone"),
        "new_hidden": is_hidden(requester),
        "new_search_masked": searchable(doc),
        "new_doc": doc,
    }


def downgrade() -> None:
    """Drop them; what was known of requesters does not come back."""
    op.create_table(
        "requesters",
        sa.Column("requester_id", sa.Text(), nullable=False),
        sa.Column("doc", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("requester_id"),
        sqlite_with_rowid=False,
    )
    for column in ("phone", "callback_phone"):
        op.drop_index(f"tickets_by_{column}", table_name="tickets")
    for column in ("search_masked", "hidden", "callback_phone"):
        op.drop_column("tickets", column)
