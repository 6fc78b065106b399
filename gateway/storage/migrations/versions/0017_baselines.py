"""The coded state of tickets that are older than what events tell; a worker fills it, a few at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and note up to which ticket it has to be filled."""
    op.create_table(
        "baselines",
        sa.Column("ticket_id", sa.Text, primary_key=True),
        sa.Column("event_seq", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    last = op.get_bind().execute(sa.text("SELECT MAX(ticket_id) FROM tickets")).scalar()
    if last is not None:
        values = {"channel_id": ":baselines", "key": "until", "value": last}
        state = sa.table("channel_state", *(sa.column(name) for name in values))
        op.get_bind().execute(state.insert().values(values))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("baselines")
    op.execute(r"DELETE FROM channel_state WHERE channel_id = '\:baselines'")
