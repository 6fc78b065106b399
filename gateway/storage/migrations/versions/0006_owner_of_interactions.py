"""Which process handles an interaction: of two on one node, one may die and the other go on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody is known for what is there."""
    op.add_column("interactions", sa.Column("owner", sa.Text))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("interactions", "owner")
