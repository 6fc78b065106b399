"""Narrow rows by which lists are filtered, and masked texts that are searched; a worker fills both, the newest first.

``tickets.search`` and ``search_masked`` stay for processes of the version before, which may run beside this one; the
worker empties them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ABOVE_ALL = "9" * 15


def upgrade() -> None:
    """Make the tables, and note that everything there is has to be filled in."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    code = sa.Text(collation="C") if postgresql else sa.Text()
    op.create_table(
        "ticket_facets",
        sa.Column("no", sa.BigInteger() if postgresql else sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("empty", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("category", code),
        *(sa.Column(name, sa.Text) for name in ("type", "district", "street", "unit", "due_at", "name")),
    )
    op.create_index("ticket_facets_by_status", "ticket_facets", ["status", "no"])
    for name in ("category", "district", "street", "due_at", "name"):
        _index(name, "no")
    _index("unit", "due_at", "no")
    op.create_table(
        "ticket_texts",
        sa.Column("no", sa.BigInteger() if postgresql else sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("pairs", TSVECTOR() if postgresql else sa.Text()),
    )
    paired = sa.text("pairs IS NOT NULL")
    op.create_index(
        "ticket_texts_by_pair",
        "ticket_texts",
        ["pairs"],
        postgresql_using="gin",
        sqlite_where=paired,
        postgresql_where=paired,
    )
    if not postgresql:
        op.execute("CREATE VIRTUAL TABLE ticket_pairs USING fts5(tokens, content='', detail=none, tokenize='ascii')")
    _begin(op.get_bind())


def _index(*names: str) -> None:
    given, name = sa.text(f"{names[0]} IS NOT NULL"), f"ticket_facets_by_{names[0]}"
    op.create_index(name, "ticket_facets", list(names), sqlite_where=given, postgresql_where=given)


def _begin(connection: sa.Connection) -> None:
    """Follow from here on; older tickets are filled in from the newest down."""
    last = connection.execute(sa.text("SELECT value FROM counters WHERE name = 'event_seq'")).scalar_one()
    told = {"event_seq": str(last)}
    if connection.execute(sa.text("SELECT ticket_id FROM tickets LIMIT 1")).scalar() is not None:
        told["unlisted_below"] = told["unsearched_below"] = _ABOVE_ALL
    state = sa.table("channel_state", *(sa.column(name) for name in ("channel_id", "key", "value")))
    rows = [{"channel_id": ":search", "key": key, "value": value} for key, value in told.items()]
    connection.execute(state.insert(), rows)


def downgrade() -> None:
    """Drop them; the version before searches what it writes itself from then on."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE ticket_pairs")
    op.drop_table("ticket_texts")
    op.drop_table("ticket_facets")
    op.execute(r"DELETE FROM channel_state WHERE channel_id = '\:search'")
