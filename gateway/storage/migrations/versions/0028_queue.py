"""The centre's queue and the list of what is overdue leave out what is done by calling somebody; pages of both."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_WAITED = sa.text("unit IS NULL AND (next_at IS NOT NULL OR overdue_since IS NOT NULL)")
_WAITS = sa.text("unit IS NULL AND (next_at IS NOT NULL OR overdue_since IS NOT NULL) AND kind != 'visit'")
_OVERDUE = sa.text("overdue_since IS NOT NULL")


def upgrade() -> None:
    """Make the indexes anew."""
    op.execute("UPDATE clocks SET overdue_since = NULL WHERE kind = 'visit' AND overdue_since IS NOT NULL")
    op.drop_index("clocks_overdue", "clocks")
    _index("clocks_overdue", ["overdue_since", "clock_id"], _OVERDUE)
    _index("clocks_overdue_by_unit", ["unit", "overdue_since", "clock_id"], _OVERDUE)
    op.drop_index("clocks_of_centre", "clocks")
    _index("clocks_of_centre", ["due_at", "clock_id"], _WAITS)


def downgrade() -> None:
    """As before."""
    op.drop_index("clocks_of_centre", "clocks")
    _index("clocks_of_centre", ["due_at", "clock_id"], _WAITED)
    op.drop_index("clocks_overdue_by_unit", "clocks")
    op.drop_index("clocks_overdue", "clocks")
    _index("clocks_overdue", ["unit", "overdue_since"], _OVERDUE)


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "clocks", columns, sqlite_where=where, postgresql_where=where)
