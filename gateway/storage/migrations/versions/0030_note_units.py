"""Notes tell which unit's people wrote them; those of the centre, and of before, name none."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column."""
    op.add_column("case_notes", sa.Column("unit", sa.Text))


def downgrade() -> None:
    """As before."""
    op.drop_column("case_notes", "unit")
