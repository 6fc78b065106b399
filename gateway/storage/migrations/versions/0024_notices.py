"""Notices to units: what waits to leave, what left, and what could not."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_GROUP = ["unit", "way", "address", "urgent"]


def upgrade() -> None:
    """Add the table; units are told of what happens from now on."""
    op.create_table(
        "notices",
        sa.Column("event_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("unit", "way", "address")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("ticket_id", "ticket_no", "type")),
        sa.Column("clock_kind", sa.Text),
        sa.Column("task_id", sa.Text),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("next_at", "leased_by", "leased_at")),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("error", "sent_at", "dead_at")),
        sqlite_with_rowid=False,
    )
    op.create_index("notices_by_ticket", "notices", ["ticket_no"])
    for name, columns, which in (
        ("notices_waiting", [*_GROUP, "next_at"], "next_at"),
        ("notices_leased", [*_GROUP, "leased_by", "leased_at"], "leased_by"),
        ("notices_sent", [*_GROUP, "sent_at"], "sent_at"),
        ("notices_dead", ["way", "dead_at"], "dead_at"),
    ):
        given = sa.text(f"{which} IS NOT NULL")
        op.create_index(name, "notices", columns, sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    """Drop it; what waits in it is lost."""
    op.drop_table("notices")
