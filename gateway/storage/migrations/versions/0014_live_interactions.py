"""Leases in indexes of their own: of live calls (the one before held every call there ever was), and of deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LIVE = sa.text("lease_until IS NOT NULL AND disposition IS NULL")
_LEASED = sa.text("lease_until IS NOT NULL")
_UNDER_WAY = sa.text("leased_by IS NOT NULL")


def upgrade() -> None:
    """Exchange the one, add the other."""
    op.create_index(
        "deliveries_leased",
        "deliveries",
        ["feed", "leased_by", "next_at"],
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )
    op.drop_index("interactions_leased", "interactions")
    op.create_index("interactions_live", "interactions", ["lease_until"], sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    """Back."""
    op.drop_index("deliveries_leased", "deliveries")
    op.drop_index("interactions_live", "interactions")
    op.create_index(
        "interactions_leased", "interactions", ["lease_until"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )
