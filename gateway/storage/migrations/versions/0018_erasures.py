"""Which tickets and people were erased, and since when an erased ticket takes in nothing more."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UNDONE = sa.text("done_at IS NULL")


def upgrade() -> None:
    """Add the ledger and the column."""
    op.create_table(
        "erasures",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("begun_at", sa.Text, nullable=False),
        sa.Column("done_at", sa.Text),
    )
    op.create_index("erasures_undone", "erasures", ["begun_at"], sqlite_where=_UNDONE, postgresql_where=_UNDONE)
    op.add_column("tickets", sa.Column("erased_at", sa.Text))


def downgrade() -> None:
    """Drop both; what was erased stays blank."""
    op.drop_column("tickets", "erased_at")
    op.drop_index("erasures_undone", "erasures")
    op.drop_table("erasures")
