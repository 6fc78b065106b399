"""Which tickets went into which, by rows: the one that stays does not list them any more."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MERGED = sa.text("merged_into IS NOT NULL")
_OF = {
    "sqlite": "json_extract(doc, '$.related.merged_into')",
    "postgresql": "doc #>> '{related,merged_into}'",
}


def upgrade() -> None:
    """Add the column, fill it, index it."""
    op.add_column("tickets", sa.Column("merged_into", sa.Text))
    into = _OF[op.get_bind().dialect.name]
    op.execute(f"UPDATE tickets SET merged_into = {into} WHERE status = 'merged'")  # noqa: S608 - of two constants
    op.create_index("tickets_merged", "tickets", ["merged_into"], sqlite_where=_MERGED, postgresql_where=_MERGED)


def downgrade() -> None:
    """Drop it; an earlier version lists what it merges itself."""
    op.drop_index("tickets_merged", "tickets")
    op.drop_column("tickets", "merged_into")
