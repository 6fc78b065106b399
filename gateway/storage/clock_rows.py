"""The rows of ``clocks``: written with their tickets, and taken by those who fire them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.books import OverdueClock
from gateway.domain.case.clock import CaseClock
from gateway.domain.events import CaseSupervised
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.seen_leases import SeenLeases
from gateway.ports.case_clocks import DueClock, OverduePage
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.bulk import Bulk, Row
from gateway.storage.engine import upsert
from gateway.storage.page_cursor import cursor_behind, row_before
from gateway.storage.watched import WatchedSql

_C, _E = t.clocks.c, t.events.c
RowLease = tuple[str, str]
"""(leased_by, leased_at): rows that were taken together have one. It is compared, never read as a time."""
LEASES = sa.select(_C.leased_by, _C.leased_at).where(_C.leased_by.is_not(None)).distinct()
"""All that stand."""


def _make(connection: sa.Connection) -> Any:
    put = upsert(connection, t.clocks)
    new = {column.name: put.excluded[column.name] for column in _C if column is not _C.clock_id}
    return put.on_conflict_do_update(index_elements=["clock_id"], set_=new)


_PUT = Bulk(_make)


def write_clocks(connection: sa.Connection, changed: Mapping[str, Iterable[CaseClock]]) -> None:
    """The rows of clocks that are new or have altered, by ticket_id. Whoever had leased one has it no more."""
    _PUT.run(connection, [row_of(ticket_id, clock) for ticket_id, clocks in changed.items() for clock in clocks])


def row_of(ticket_id: str, clock: CaseClock) -> Row:
    """The row of a clock."""
    next_at = clock.next_at
    return {
        "clock_id": clock.clock_id,
        "ticket_id": ticket_id,
        "task_id": clock.task_id,
        "kind": clock.kind.value,
        "unit": clock.unit,
        "due_at": rfc3339(clock.due_at),
        "next_at": None if next_at is None else rfc3339(next_at),
        "leased_by": None,
        "leased_at": None,
        "overdue_since": rfc3339(clock.breached_at) if clock.breached_at and clock.on_the_books else None,
        "unsure_due_at": rfc3339(clock.due_at) if clock.unsure and not clock.ended else None,
    }


def looks(now: str, run_out: Iterable[RowLease]) -> Iterator[sa.Select[Any]]:
    """The queries for what may be taken, one after the other: for all of them together no index serves."""
    due = sa.select(_C.clock_id).where(_C.next_at <= now)
    yield due.where(_C.leased_by.is_(None)).order_by(_C.next_at, _C.clock_id)
    for lease in run_out:
        yield due.where(_of(lease))


def overdue(unit: str | None, after: tuple[str, str] | None = None) -> sa.Select[Any]:
    """What is overdue, of one unit or of all, the longest first; behind this time and id."""
    columns = (_C[name] for name in ("clock_id", "ticket_id", "task_id", "kind", "unit", "due_at", "overdue_since"))
    query = sa.select(*columns).where(_is_overdue(unit)).order_by(_C.overdue_since, _C.clock_id)
    return query if after is None else query.where(sa.tuple_(_C.overdue_since, _C.clock_id) > sa.tuple_(*after))


def _is_overdue(unit: str | None) -> sa.ColumnElement[bool]:
    stands = _C.overdue_since.is_not(None)
    return stands if unit is None else sa.and_(stands, _C.unit == unit)


class SqlCaseClocks:
    """Implements ``DueClocks`` and ``OverdueClocks`` of ``ports.case_clocks``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        self._seen: SeenLeases[RowLease] = SeenLeases()

    async def take(self, owner: str, *, limit: int, lease_s: float) -> list[DueClock]:
        """See ``ports.case_clocks.DueClocks.take``. Looks while others write; its own write is short."""
        run_out = await self._run_out(lease_s)
        found_at = self._clock.now()
        now = rfc3339(found_at)

        def look(connection: sa.Connection) -> list[str]:
            found: list[str] = []
            for query in looks(now, run_out):
                if len(found) < limit:
                    found += connection.execute(query.limit(limit - len(found))).scalars()
            return found

        def lease(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
            still = sa.or_(_C.leased_by.is_(None), *map(_of, run_out))
            taken = sa.update(t.clocks).where(among(_C.clock_id, due), _C.next_at <= now, still)
            taken = taken.values(leased_by=owner, leased_at=now)
            return connection.execute(taken.returning(_C.clock_id, _C.ticket_id, _C.next_at)).all()

        due = await self._sql.read(look)
        rows = await self._sql.write(lease) if due else ()
        return [
            DueClock(
                clock_id=row.clock_id, ticket_id=row.ticket_id, next_at=from_rfc3339(row.next_at), found_at=found_at
            )
            for row in sorted(rows, key=lambda row: (row.next_at, row.clock_id))
        ]

    async def overdue(self, *, unit: str | None = None, limit: int = 200, cursor: str | None = None) -> OverduePage:
        """See ``ports.case_clocks.OverdueClocks.overdue``."""
        query = overdue(unit, None if cursor is None else row_before(cursor)).limit(limit + 1)
        count = sa.select(sa.func.count()).select_from(t.clocks).where(_is_overdue(unit))
        found, total = await self._sql.read(lambda c: (_listed(c, query), c.execute(count).scalar_one()))
        page, last = tuple(found[:limit]), found[limit - 1 : limit]
        more = cursor_behind(rfc3339(last[0].overdue_since), last[0].clock_id) if len(found) > limit else None
        return OverduePage(page, more, total)

    async def _run_out(self, lease_s: float) -> list[RowLease]:
        """Leases that count no more."""
        leases = await self._sql.read(lambda c: [(row.leased_by, row.leased_at) for row in c.execute(LEASES)])
        old = self._sql.run_out(self._seen, {lease: lease for lease in leases}, lease_s)
        return list(dict.fromkeys([*old, *(lease for lease in leases if self._sql.is_gone(lease[0]))]))


def _of(lease: RowLease) -> sa.ColumnElement[bool]:
    return sa.and_(_C.leased_by == lease[0], _C.leased_at == lease[1])


def _listed(connection: sa.Connection, query: sa.Select[Any]) -> list[OverdueClock]:
    at = ("due_at", "overdue_since")
    found = [
        OverdueClock(**{**row, **{name: from_rfc3339(row[name]) for name in at}})
        for row in connection.execute(query).mappings()
    ]
    pressed = sa.select(_E.ticket_id, _E.at).where(among(_E.ticket_id, {one.ticket_id for one in found}))
    times: dict[str, list[datetime]] = {}
    for row in connection.execute(pressed.where(_E.type == CaseSupervised.TYPE)):
        times.setdefault(row.ticket_id, []).append(from_rfc3339(row.at))
    return [_supervised(one, times.get(one.ticket_id, ())) for one in found]


def _supervised(one: OverdueClock, times: Iterable[datetime]) -> OverdueClock:
    since = [at for at in times if at >= one.overdue_since]
    return replace(one, supervised=len(since), supervised_at=max(since, default=None))
