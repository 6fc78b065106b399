"""Tasks of units as narrow rows, and what people write about a case."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.Text, primary_key=True),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("due_at", sa.Text),
        sa.Column("open", sa.Boolean, nullable=False),
    )
    op.create_index("tasks_by_unit", "tasks", ["unit", "open", "due_at"])
    op.create_index("tasks_by_ticket", "tasks", ["ticket_id"])
    op.create_table(
        "case_notes",
        sa.Column("note_id", sa.Text, primary_key=True),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("case_notes_by_ticket", "case_notes", ["ticket_id", "note_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("case_notes")
    op.drop_table("tasks")
