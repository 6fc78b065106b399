"""Calls that were refused for want of room: whom the city may still call back."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "refused_calls",
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("phone", sa.Text),
        sa.Column("to_raw", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proved", sa.Boolean, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
    )
    op.create_index("refused_calls_by_last", "refused_calls", ["last_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("refused_calls")
