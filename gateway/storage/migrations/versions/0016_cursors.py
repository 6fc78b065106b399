"""Cursors of followers in a table of their own: titles and answers to sources kept theirs among channels' values."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_state = sa.table("channel_state", sa.column("channel_id"), sa.column("key"), sa.column("value"))
_OURS = sa.and_(_state.c.key == "event_seq", _state.c.channel_id.in_(("title", "source-callbacks")))


def upgrade() -> None:
    """Make the table, take over what there is."""
    cursors = op.create_table(
        "cursors",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("event_seq", sa.BigInteger, nullable=False),
    )
    stood = sa.select(_state.c.channel_id, sa.cast(_state.c.value, sa.BigInteger)).where(_OURS)
    op.execute(sa.insert(cursors).from_select(["name", "event_seq"], stood))
    op.execute(sa.delete(_state).where(_OURS))


def downgrade() -> None:
    """Give back what was taken over."""
    cursors = sa.table("cursors", sa.column("name"), sa.column("event_seq"))
    stand = sa.select(cursors.c.name, sa.literal("event_seq"), sa.cast(cursors.c.event_seq, sa.Text))
    op.execute(sa.insert(_state).from_select(["channel_id", "key", "value"], stand))
    op.drop_table("cursors")
