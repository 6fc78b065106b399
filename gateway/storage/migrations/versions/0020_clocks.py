"""The clocks of cases, as they are polled."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LEASED = sa.text("leased_by IS NOT NULL")
_OVERDUE = sa.text("overdue_since IS NOT NULL")
_TICKING = sa.text("next_at IS NOT NULL AND leased_by IS NULL")


def upgrade() -> None:
    """Add the table; no ticket has a clock yet."""
    op.create_table(
        "clocks",
        sa.Column("clock_id", sa.Text, primary_key=True),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("due_at", sa.Text, nullable=False),
        sa.Column("next_at", sa.Text),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_at", sa.Text),
        sa.Column("overdue_since", sa.Text),
    )
    op.create_index("clocks_by_ticket", "clocks", ["ticket_id"])
    for name, columns, which in (
        ("clocks_leased", ["leased_by", "leased_at"], _LEASED),
        ("clocks_overdue", ["unit", "overdue_since"], _OVERDUE),
        ("clocks_due", ["next_at", "clock_id"], _TICKING),
    ):
        op.create_index(name, "clocks", columns, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("clocks")
