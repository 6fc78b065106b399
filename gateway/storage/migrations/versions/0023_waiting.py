"""What waits for the centre is found by its limits."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WAITS = sa.text("unit IS NULL AND (next_at IS NOT NULL OR overdue_since IS NOT NULL)")


def upgrade() -> None:
    """Add the index; few clocks are the centre's."""
    op.create_index("clocks_of_centre", "clocks", ["due_at", "clock_id"], sqlite_where=_WAITS, postgresql_where=_WAITS)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("clocks_of_centre", "clocks")
