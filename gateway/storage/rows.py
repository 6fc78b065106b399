"""Rows of small tables: put in the place of what was there, and read as callers want them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339
from gateway.storage.engine import Sql, upsert
from gateway.storage.texts import check_texts


def replace(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert ``row``, or alter the one that has its primary key."""
    statement = upsert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), row)


async def one(sql: Sql, query: sa.Select[Any], key: str) -> dict[str, Any] | None:
    """The row that ``query`` finds by ``key``, or None."""
    check_texts((key,))
    found = await sql.read(lambda c: c.execute(query).mappings().one_or_none())
    return dict(found) if found is not None else None


def with_times(row: dict[str, Any] | None, *names: str) -> dict[str, Any] | None:
    """``row`` with its texts of time as datetimes."""
    if row is None:
        return None
    return row | {name: from_rfc3339(row[name]) if row[name] is not None else None for name in names}
