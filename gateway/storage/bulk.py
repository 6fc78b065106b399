"""Many rows by one statement, at the driver's speed: compiled once, rows handed over as tuples.

SQLAlchemy's own executemany costs several microseconds for each row and column of a batch, and a SELECT some 80 to
be recognised as compiled before; the SQL is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from gateway.storage.among import among
from gateway.storage.tables import Json

Row = dict[str, Any]
dumps: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Bulk:
    """A statement whose parameters are named like the keys of its rows. JSON columns take what ``dumps`` made."""

    def __init__(self, make: Callable[[sa.Connection], Any], *, json_columns: Sequence[str] = ()) -> None:
        """``make`` builds the statement for a connection's dialect, once."""
        self._make = make
        self._json = tuple(json_columns)
        self._compiled: dict[str, tuple[str, Callable[[Row], tuple[Any, ...]]]] = {}

    @classmethod
    def insert(cls, table: sa.Table) -> Bulk:
        """INSERT whole rows of ``table``."""
        columns = [column.name for column in table.c if column.type is Json]
        return cls(lambda _: sa.insert(table), json_columns=columns)

    @classmethod
    def plain(cls, table: sa.Table) -> Bulk:
        """INSERT whole rows of ``table`` whose JSON is text already."""
        return cls(lambda _: sa.insert(table))

    def run(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Execute for each row; nothing for none."""
        if not rows:
            return
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled = self._make(connection).compile(dialect=dialect)
            names = compiled.positiontup
            self._compiled[dialect.name] = (str(compiled), itemgetter(*names))
        sql, values = self._compiled[dialect.name]
        for name in self._json:
            # The rows are the batch's own: their JSON is not needed as data any more.
            for row in rows:
                value = row[name]
                if type(value) is not str:  # what was not looked at is still as it was read
                    row[name] = dumps(value) if value else "{}"
        connection.exec_driver_sql(sql, [values(row) for row in rows])


class Lookup:
    """The rows whose column is in a list, as the driver has them: for tables without JSON columns."""

    def __init__(self, column: sa.Column[str]) -> None:
        """Look up by ``column``, which needs an index."""
        self._query = sa.select(column.table).where(among(column, ()))
        self._compiled: dict[str, str] = {}

    def rows(self, connection: sa.Connection, values: Iterable[str]) -> sa.CursorResult[Any]:
        """Those of ``values`` that exist, with the table's column names."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = str(self._query.compile(dialect=dialect))
        return connection.exec_driver_sql(self._compiled[dialect.name], (json.dumps(list(values)),))


class Query:
    """A SELECT that is compiled once, with rows as the driver has them: JSON columns as text."""

    def __init__(self, select: sa.Select[Any]) -> None:
        """What changes from one execution to the next are its named ``bindparam``s."""
        self.select = select
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def rows(self, connection: sa.Connection, **values: Any) -> Any:
        """A ``CursorResult``; a list among ``values`` belongs to a ``listed`` column."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled = self.select.compile(dialect=dialect)
            self._compiled[dialect.name] = (str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
        sql, names, constants = self._compiled[dialect.name]
        given = {key: json.dumps(value) if type(value) is list else value for key, value in values.items()}
        every = constants | given
        return connection.exec_driver_sql(sql, tuple([every[name] for name in names]))


def loads(value: Any) -> Any:
    """A JSON column of a ``Query``'s row."""
    return json.loads(value) if type(value) is str else value
