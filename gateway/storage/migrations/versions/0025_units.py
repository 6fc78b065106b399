"""People of a unit: users know whose."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody who is there sits at the centre's desk."""
    op.add_column("users", sa.Column("unit", sa.Text()))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("users", "unit")
