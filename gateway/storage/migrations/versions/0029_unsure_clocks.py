"""Clocks that were computed before the holidays of their year were known are found when somebody enters these."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_UNSURE = sa.text("unsure_due_at IS NOT NULL")


def upgrade() -> None:
    """Add the column; a clock of before is found from its next change on."""
    op.add_column("clocks", sa.Column("unsure_due_at", sa.Text))
    op.create_index(
        "clocks_unsure", "clocks", ["unsure_due_at", "clock_id"], sqlite_where=_UNSURE, postgresql_where=_UNSURE
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("clocks_unsure", "clocks")
    op.drop_column("clocks", "unsure_due_at")
