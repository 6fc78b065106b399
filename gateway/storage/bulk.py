"""Many rows by one statement, at the driver's speed: compiled once, rows handed over as tuples.

SQLAlchemy's own executemany costs several microseconds for each row and column of a batch, and a SELECT some 80 to
be recognised as compiled before; the SQL is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]


class Bulk:
    """A statement whose parameters are named like the keys of its rows. JSON columns take text."""

    def __init__(self, make: Callable[[sa.Connection], Any]) -> None:
        """``make`` builds the statement for a connection's dialect, once."""
        self._make = make
        self._compiled: dict[str, tuple[str, Callable[[Row], tuple[Any, ...]]]] = {}

    @classmethod
    def insert(cls, table: sa.Table) -> Bulk:
        """INSERT whole rows of ``table``."""
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
        connection.exec_driver_sql(sql, [values(row) for row in rows])


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
