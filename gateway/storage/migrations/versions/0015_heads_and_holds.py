"""Which delivery of each ticket is next, so that what is due is found without what waits; and held feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_HEAD = sa.text("head")
_DEAD = sa.text("dead_at IS NOT NULL")
_HELD = ("paused_until", "held_at", "held_cause", "held_why", "probe_at")


def upgrade() -> None:
    """Add the columns, mark the heads, index them."""
    for name in _HELD:
        op.add_column("feeds", sa.Column(name, sa.Text))
    op.add_column("feeds", sa.Column("held_status", sa.BigInteger))
    op.add_column("feeds", sa.Column("probes", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("head", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE deliveries SET head = TRUE WHERE dead_at IS NULL AND (feed, event_seq) IN "
        "(SELECT feed, MIN(event_seq) FROM deliveries WHERE dead_at IS NULL GROUP BY feed, ticket_id)"
    )
    for name, columns, unique in (
        ("deliveries_due", ["feed", "next_at", "event_seq"], False),
        ("deliveries_one_head", ["feed", "ticket_id"], True),
    ):
        op.create_index(name, "deliveries", columns, unique=unique, sqlite_where=_HEAD, postgresql_where=_HEAD)
    op.create_index("deliveries_dead", "deliveries", ["feed", "dead_at"], sqlite_where=_DEAD, postgresql_where=_DEAD)


def downgrade() -> None:
    """Drop them."""
    for index in ("deliveries_dead", "deliveries_one_head", "deliveries_due"):
        op.drop_index(index, "deliveries")
    op.drop_column("deliveries", "head")
    for name in (*_HELD, "held_status", "probes"):
        op.drop_column("feeds", name)
