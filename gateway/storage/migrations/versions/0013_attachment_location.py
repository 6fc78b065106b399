"""Where an attachment lies, in its row: by day since this version, before it by content. Old outbox rows by age."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, name where the files of before lie, and add the index."""
    op.add_column("attachments", sa.Column("location", sa.Text))
    op.execute("UPDATE attachments SET location = substr(sha256, 1, 2) || '/' || sha256 WHERE sha256 IS NOT NULL")
    op.create_index("outbox_by_created", "outbox", ["created_at"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("outbox_by_created", "outbox")
    op.drop_column("attachments", "location")
