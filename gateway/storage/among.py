"""``column IN (…)`` as one statement and one parameter, however many values: nothing to compile or prepare anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class _Among(sa.ColumnElement[bool]):
    """Whether a column's value is in a JSON array."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy declares it so
        ("column", sa.sql.visitors.InternalTraversal.dp_clauseelement),
        ("values", sa.sql.visitors.InternalTraversal.dp_clauseelement),
    ]
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[Any], values: sa.BindParameter[str]) -> None:
        self.column = column
        self.values = values

    def self_group(self, against: Any = None) -> _Among:  # noqa: ARG002 - SQLAlchemy's signature
        """Itself: SQLAlchemy would write ``… = 1`` for SQLite, which then reads the whole table."""
        return self


def among(column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether ``column`` (text or integer) is one of ``values``."""
    return _Among(column, sa.bindparam("among", json.dumps(list(values)), type_=sa.Text, unique=True))


def listed(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """``among`` for statements that are compiled once: parameter ``name`` takes the values as a JSON array."""
    return _Among(column, sa.bindparam(name, type_=sa.Text))


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = compiler.process(element.column, **kwargs), compiler.process(element.values, **kwargs)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both parts are compiled SQL


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = compiler.process(element.column, **kwargs), compiler.process(element.values, **kwargs)
    kind = "BIGINT" if isinstance(element.column.type, sa.Integer) else "TEXT"
    array = f"SELECT value FROM jsonb_array_elements_text(CAST({values} AS JSONB))"  # noqa: S608 - compiled SQL
    return f"{column} = ANY(ARRAY({array})::{kind}[])"
