"""Which rows of a queue (``next_at``, ``leased_by``) a process may take, whoever's clock wrote them.

- What nobody has is taken when its ``next_at`` has come. No pause is longer than ``FURTHEST_S``, so an instant further
  ahead was written by a clock that was wrong, or before one was put right: such a row is due.
- What somebody has is taken when that owner is known to be gone, and when this process has seen the lease stand for
  as long as it lasts, the store answering all the while (``WatchedSql.run_out``): no clock of another machine, and no
  jump of this one's, ends a lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.domain.seen_leases import SeenLeases
from gateway.ports.clock import Clock
from gateway.storage.watched import WatchedSql

FURTHEST_S = 900.0
"""The longest pause between two attempts: what was put off further is looked at again after so long."""
RowLease = tuple[str, str]
"""(leased_by, next_at): rows that were taken together have one."""


def later(now: datetime, seconds: float) -> str:
    """The ``next_at`` of a row that is to wait."""
    return rfc3339(now + timedelta(seconds=min(seconds, FURTHEST_S)))


@dataclass(frozen=True, slots=True)
class Takeable:
    """What may be taken now."""

    now: str
    furthest: str
    run_out: frozenset[RowLease]

    def come(self, at: str) -> bool:
        """Whether an instant that something was put off to has come."""
        return at <= self.now or at > self.furthest

    def has_come(self, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """The same as a condition."""
        return sa.or_(column <= self.now, column > self.furthest)

    def where(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """As a condition on the queue's rows."""
        return sa.or_(*self.due(table), *self.left(table))

    def due(self, table: sa.Table) -> list[sa.ColumnElement[bool]]:
        """What nobody has: what is due, and what a wrong clock has put off."""
        columns = table.c
        unleased = columns.leased_by.is_(None)
        return [sa.and_(unleased, columns.next_at <= self.now), sa.and_(unleased, columns.next_at > self.furthest)]

    def left(self, table: sa.Table) -> list[sa.ColumnElement[bool]]:
        """What each lease that has run out held."""
        return [sa.and_(table.c.leased_by == owner, table.c.next_at == until) for owner, until in self.run_out]

    def holds(self, row: Any) -> bool:
        """Whether this row may be taken."""
        return self.come(row.next_at) if row.leased_by is None else (row.leased_by, row.next_at) in self.run_out


class Queue:
    """A queue as one process sees it."""

    def __init__(
        self, table: sa.Table, waiting: sa.ColumnElement[bool] | sa.TextClause, *, sql: WatchedSql, clock: Clock
    ) -> None:
        """``waiting``: which rows of ``table`` still have to be worked on."""
        self._sql = sql
        self._clock = clock
        columns = table.c
        self._leases = sa.select(columns.leased_by, columns.next_at).where(waiting, columns.leased_by.is_not(None))
        self._seen: SeenLeases[RowLease] = SeenLeases()

    async def takeable(self, lease_s: float) -> Takeable:
        """What may be taken, where leases are given for ``lease_s`` seconds. Ask with every look for work."""
        query = self._leases.distinct()
        found = await self._sql.read(lambda c: [(row.leased_by, row.next_at) for row in c.execute(query)])
        gone = {owner for owner in {owner for owner, _ in found} if self._sql.is_gone(owner)}
        run_out = self._sql.run_out(self._seen, {lease: lease for lease in found}, lease_s)
        run_out += [lease for lease in found if lease[0] in gone]
        now = self._clock.now()
        return Takeable(now=rfc3339(now), furthest=later(now, FURTHEST_S), run_out=frozenset(run_out))
