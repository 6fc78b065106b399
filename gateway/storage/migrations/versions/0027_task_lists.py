"""Pages of tasks are read in their order, however many a unit has had; nothing is due of what is done."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes anew."""
    op.execute("UPDATE tasks SET due_at = NULL WHERE NOT open AND due_at IS NOT NULL")
    op.drop_index("tasks_by_unit", "tasks")
    op.create_index("tasks_by_unit", "tasks", ["unit", "open", "due_at", "task_id"])
    op.create_index("tasks_by_due", "tasks", ["open", "due_at", "task_id"])


def downgrade() -> None:
    """As before."""
    op.drop_index("tasks_by_due", "tasks")
    op.drop_index("tasks_by_unit", "tasks")
    op.create_index("tasks_by_unit", "tasks", ["unit", "open", "due_at"])
