"""Rows of ``tasks`` in the order of their due times, a page at the cost of a page: each part is in order by an index.

Those without a due time come last. ``ORDER BY`` names every column of the index, for PostgreSQL does not see that one
that is null everywhere orders nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from gateway.storage import tables as t

_T = t.tasks.c
COLUMNS = (_T.task_id, _T.ticket_id, _T.unit, _T.due_at)
_ORDER = (_T.due_at, _T.task_id)


@dataclass(frozen=True, slots=True)
class Behind:
    """Behind which row a page begins."""

    due_at: str | None
    task_id: str


def due_first(
    connection: sa.Connection, unit: str | None, *, is_open: bool | None, after: Behind | None, limit: int
) -> Sequence[sa.Row[Any]]:
    """Tasks of a unit or of all, open ones, others or both, the nearest due first."""
    query = _of(unit).order_by(*_ORDER).limit(limit)
    found: list[sa.Row[Any]] = []
    if is_open is not False and (after is None or after.due_at is not None):
        dated = query.where(_T.open.is_(True), _T.due_at.is_not(None))
        if after is not None:
            dated = dated.where(sa.tuple_(*_ORDER) > sa.tuple_(after.due_at, after.task_id))
        found += connection.execute(dated).all()
    if len(found) < limit:
        undated = query.where(_T.due_at.is_(None))
        if after is not None and after.due_at is None:
            undated = undated.where(_T.task_id > after.task_id)
        rest: list[sa.Row[Any]] = []
        for each in (True, False) if is_open is None else (is_open,):
            rest += connection.execute(undated.where(_T.open.is_(each))).all()
        found += sorted(rest, key=attrgetter("task_id"))
    return found[:limit]


def newest_done(
    connection: sa.Connection, unit: str | None, *, after: Behind | None, limit: int
) -> Sequence[sa.Row[Any]]:
    """Tasks of a unit or of all about which nothing is to be done any more, the newest first."""
    query = _of(unit).where(_T.open.is_(False), _T.due_at.is_(None))
    if after is not None:
        query = query.where(_T.task_id < after.task_id)
    return connection.execute(query.order_by(*(column.desc() for column in _ORDER)).limit(limit)).all()


def _of(unit: str | None) -> sa.Select[Any]:
    query = sa.select(*COLUMNS)
    return query if unit is None else query.where(_T.unit == unit)
