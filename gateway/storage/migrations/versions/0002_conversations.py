"""Written conversations: threads, outbox, attachments, state of channels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Add what conversations need."""
    op.add_column("interactions", sa.Column("dialogue", sa.Text(), nullable=True))
    op.add_column("interactions", sa.Column("dialogue_no", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("channel_id", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("sender", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("thread_seq", sa.BigInteger(), nullable=True))
    _partial_index(
        "messages_by_thread",
        "messages",
        ["sender", "channel_id", "thread_seq"],
        "thread_seq IS NOT NULL",
        unique=True,
    )
    op.create_table(
        "threads",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.Text(), nullable=True),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("interaction_id", sa.Text(), nullable=False),
        sa.Column("doc", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("sender", "channel_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("thread_seq", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("interaction_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("doc", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_with_rowid=False,
    )
    _partial_index("outbox_queued", "outbox", ["channel_id", "recipient", "thread_seq"], "state = 'queued'")
    _partial_index("outbox_by_external", "outbox", ["external_id", "channel_id"], "external_id IS NOT NULL")
    op.create_index("outbox_by_recipient", "outbox", ["recipient", "channel_id", "sent_at"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("interaction_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("todo", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("attachment_id"),
        sqlite_with_rowid=False,
    )
    _partial_index("attachments_todo", "attachments", ["next_at"], "todo IS NOT NULL")
    op.create_index("attachments_by_content", "attachments", ["sha256"], unique=False)
    op.create_index("attachments_by_ticket", "attachments", ["ticket_id"], unique=False)
    op.create_table(
        "channel_state",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "key"),
        sqlite_with_rowid=False,
    )
