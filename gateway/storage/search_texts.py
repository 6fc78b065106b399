"""The masked texts that searches are held against, and their index of pairs, which each database has in its own way."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from gateway.domain.bigrams import Token, normal, tokens
from gateway.storage import search_tables as s
from gateway.storage.among import among
from gateway.storage.engine import upsert

_table = s.ticket_texts.c
_INSIDE = "SELECT rowid FROM ticket_pairs WHERE rowid IN (SELECT value FROM json_each(?))"
"""What is not inside must not be taken out: the index would count itself corrupt."""
_OUT = "INSERT INTO ticket_pairs (ticket_pairs, rowid, tokens) VALUES ('delete', ?, ?)"
_IN = "INSERT INTO ticket_pairs (rowid, tokens) VALUES (?, ?)"


def put(connection: sa.Connection, said: Mapping[int, str], *, anew: bool = False) -> None:
    """These are the masked texts of tickets, by number, from now on.

    ``anew``: also those that are known are written, whatever the index holds of them.
    """
    before = _standing(connection, said)
    after = {no: whole for no, text in said.items() if (whole := normal(text))}
    changed = {no: text for no, text in after.items() if anew or before.get(no) != text}
    _take_out(connection, {no: text for no, text in before.items() if anew or after.get(no) != text})
    if changed:
        rows = [{"no": no, "text": text, "pairs": None} for no, text in changed.items()]
        indexed = [(no, " ".join(sorted(tokens(text)))) for no, text in changed.items()]
        if connection.dialect.name == "sqlite":
            connection.execute(sa.insert(s.ticket_texts), rows)
            connection.exec_driver_sql(_IN, indexed)
        else:
            pairs = sa.cast(sa.bindparam("indexed", type_=sa.Text), _table.pairs.type)
            given = [{"no": no, "text": changed[no], "indexed": told} for no, told in indexed]
            new = upsert(connection, s.ticket_texts).values(
                no=sa.bindparam("no"), text=sa.bindparam("text"), pairs=pairs
            )
            connection.execute(new, given)


def take_out(connection: sa.Connection, numbers: Collection[int]) -> None:
    """No text of these tickets is found any more, nor kept."""
    _take_out(connection, _standing(connection, numbers))


def clear_pairs(connection: sa.Connection) -> None:
    """Empty the index of pairs, whatever state it is in; PostgreSQL keeps its own by itself."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO ticket_pairs (ticket_pairs) VALUES ('delete-all')")


def newest_with(
    connection: sa.Connection, asked: Collection[Token], words: Collection[str]
) -> tuple[sa.ColumnElement[Any], sa.Select[Any]]:
    """The numbers of the texts that have all of ``asked`` and hold ``words``, newest first, by the index of pairs.

    Their column, for more conditions, and the statement. SQLite reads the index from its end, so that a page costs
    what stands before it; PostgreSQL reads all of it and has to be kept from walking along the primary key instead.
    """
    if connection.dialect.name == "sqlite":
        match = " AND ".join(f'"{token.text}"{" *" if token.prefix else ""}' for token in asked)
        pairs = sa.table("ticket_pairs", sa.column("rowid", sa.Integer), sa.column("ticket_pairs"))
        no = pairs.c.rowid
        found = sa.select(no).where(pairs.c.ticket_pairs.op("MATCH")(match), *holding(connection, no, words))
        return no, found.order_by(no.desc())
    query = " & ".join(f"'{token.text}'{':*' if token.prefix else ''}" for token in asked)
    found = sa.select(_table.no).where(
        _table.pairs.op("@@")(sa.cast(query, TSQUERY)), *within(connection, _table.text, words)
    )
    return _table.no, found.order_by((_table.no + 0).desc())


def holding(connection: sa.Connection, no: sa.ColumnElement[Any], words: Collection[str]) -> list[Any]:
    """The condition that the text of the ticket with number ``no`` holds every one of ``words``; none for no words."""
    return [sa.exists().where(_table.no == no, *within(connection, _table.text, words))] if words else []


def within(
    connection: sa.Connection, text: sa.ColumnElement[str], words: Collection[str]
) -> list[sa.ColumnElement[bool]]:
    """The condition that ``text`` holds every one of ``words``."""
    place = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.strpos
    return [place(text, word) > 0 for word in words]


def _standing(connection: sa.Connection, numbers: Collection[int]) -> dict[int, str]:
    query = sa.select(_table.no, _table.text).where(among(_table.no, numbers))
    return {row.no: row.text for row in connection.execute(query)}


def _take_out(connection: sa.Connection, texts: Mapping[int, str]) -> None:
    if not texts:
        return
    if connection.dialect.name == "sqlite":
        inside = connection.exec_driver_sql(_INSIDE, (json.dumps(list(texts)),)).scalars()
        rows = [(no, " ".join(sorted(tokens(texts[no])))) for no in inside.all()]
        if rows:
            connection.exec_driver_sql(_OUT, rows)
    connection.execute(sa.delete(s.ticket_texts).where(among(_table.no, texts)))
