"""The SQL schema of what tickets are found by; all of it follows from ``tickets`` (conventions: ``tables``)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from gateway.storage.tables import metadata

Code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared by its bytes, so that an index finds what begins with something."""
_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ticket_facets = sa.Table(
    "ticket_facets",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("empty", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("category", Code),
    sa.Column("type", sa.Text),
    sa.Column("district", sa.Text),
    sa.Column("street", sa.Text),
    sa.Column("unit", sa.Text),
    sa.Column("due_at", sa.Text),
    sa.Column("name", sa.Text),
    sa.Index("ticket_facets_by_status", "status", "no"),
)
"""What lists are filtered by, in narrow rows: those of ``tickets`` hold whole documents. ``no`` is the ticket number,
so that the newest come first along the primary key. ``name`` is the requester's, for exact look-ups."""
for _names in (
    ("category", "no"),
    ("district", "no"),
    ("street", "no"),
    ("unit", "due_at", "no"),
    ("due_at", "no"),
    ("name", "no"),
):
    _given = ticket_facets.c[_names[0]].is_not(None)
    sa.Index(
        f"ticket_facets_by_{_names[0]}",
        *(ticket_facets.c[name] for name in _names),
        sqlite_where=_given,
        postgresql_where=_given,
    )

ticket_texts = sa.Table(
    "ticket_texts",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("pairs", sa.Text().with_variant(TSVECTOR, "postgresql")),
)
"""What searches are held against: the masked text (``gateway.domain.bigrams``) of each ticket that says anything. Its
tokens are in ``pairs`` on PostgreSQL, on SQLite in the index ``ticket_pairs`` whose rowid is ``no``."""
_paired = ticket_texts.c.pairs.is_not(None)
sa.Index(
    "ticket_texts_by_pair",
    ticket_texts.c.pairs,
    postgresql_using="gin",
    sqlite_where=_paired,
    postgresql_where=_paired,
)
TICKET_PAIRS = "CREATE VIRTUAL TABLE ticket_pairs USING fts5(tokens, content='', detail=none, tokenize='ascii')"
"""On SQLite. Contentless: what it holds of a ticket is told by ``ticket_texts``, also when it has to be taken out."""
_pairs = sa.DDL(TICKET_PAIRS)  # type: ignore[no-untyped-call]  # SQLAlchemy says no types here
sa.event.listen(ticket_texts, "after_create", _pairs.execute_if(dialect="sqlite"))
