"""Messages that wait for their hour."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing waits."""
    op.add_column("outbox", sa.Column("not_before", sa.Text))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("outbox", "not_before")
