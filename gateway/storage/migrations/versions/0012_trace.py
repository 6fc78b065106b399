"""Under which id a contact's way is found in the logs of all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, for what comes from now on."""
    op.add_column("events", sa.Column("trace", sa.Text))
    kept = sa.text("trace IS NOT NULL")
    op.create_index("events_by_trace", "events", ["trace"], sqlite_where=kept, postgresql_where=kept)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("events_by_trace", "events")
    op.drop_column("events", "trace")
