"""People of a unit: users know whose."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody who is there sits at the centre's desk."""
    op.add_column("users", sa.Column("unit", sa.Text()))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("users", "unit")
