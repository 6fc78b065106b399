"""The leases of live calls alone in their index: the one before held every call that there ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LIVE = sa.text("lease_until IS NOT NULL AND disposition IS NULL")
_LEASED = sa.text("lease_until IS NOT NULL")


def upgrade() -> None:
    """Exchange the index."""
    op.drop_index("interactions_leased", "interactions")
    op.create_index("interactions_live", "interactions", ["lease_until"], sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    """Back."""
    op.drop_index("interactions_live", "interactions")
    op.create_index(
        "interactions_leased", "interactions", ["lease_until"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )
