"""Log-in attempts are counted by person and address; sessions idle out, tokens expire, users can be disabled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Existing sessions, tokens and users go on as they were: never seen, without an end, enabled."""
    op.create_table(
        "login_attempts",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("username_sha256", sa.Text(), nullable=True),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("locked_until", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("bucket"),
        sqlite_with_rowid=False,
    )
    op.create_index("login_attempts_by_since", "login_attempts", ["since"], unique=False)
    op.create_index("login_attempts_by_user", "login_attempts", ["username_sha256"], unique=False)
    op.create_table(
        "devices",
        sa.Column("device_sha256", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_sha256", "username"),
        sqlite_with_rowid=False,
    )
    op.create_index("devices_by_user", "devices", ["username"], unique=False)
    op.add_column("users", sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_column("users", "failed")
    op.drop_column("users", "locked_until")
    op.add_column("sessions", sa.Column("seen_at", sa.Text(), nullable=True))
    op.add_column("tokens", sa.Column("expires_at", sa.Text(), nullable=True))
    op.add_column("tokens", sa.Column("addresses", _JSON, nullable=True))
    op.add_column("audit", sa.Column("detail", _JSON, nullable=True))


def downgrade() -> None:
    """Back to one counter a user."""
    op.drop_column("audit", "detail")
    op.drop_column("tokens", "addresses")
    op.drop_column("tokens", "expires_at")
    op.drop_column("sessions", "seen_at")
    op.add_column("users", sa.Column("locked_until", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("failed", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_column("users", "disabled")
    op.drop_table("devices")
    op.drop_table("login_attempts")
