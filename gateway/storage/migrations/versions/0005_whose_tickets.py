"""A person's tickets and identities are found without looking through everybody's."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("tickets_by_requester", "tickets", ["requester_id", "ticket_no"], unique=False)
    op.create_index("identities_by_requester", "identities", ["requester_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("identities_by_requester", table_name="identities")
    op.drop_index("tickets_by_requester", table_name="tickets")
