"""What a store says about its cases: the rows and documents as they stand, and the events that led there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.clock import CaseClock
from gateway.domain.case.clock_codes import clock_of
from gateway.storage import tables as t
from gateway.storage.database import Database
from tests.support.recount import Counts, Recount

AT_ONCE = 5000


async def rows(db: Database, query: sa.Select[Any]) -> list[Any]:
    """What SQL answers."""
    return await db.sql.read(lambda connection: [tuple(row) for row in connection.execute(query)])


async def events(db: Database) -> list[dict[str, Any]]:
    """All of them, in order."""
    told: list[dict[str, Any]] = []
    while some := await db.reader.events(after=told[-1]["event_seq"] if told else 0, limit=AT_ONCE):
        told += some
    return told


async def recount(db: Database) -> Recount:
    """Counted from all events."""
    counted, after = Recount(), 0
    while some := await db.reader.events(after=after, limit=AT_ONCE):
        counted.take(some)
        after = some[-1]["event_seq"]
    return counted


async def clocks(db: Database) -> list[CaseClock]:
    """Those of all documents."""
    documents = await rows(db, sa.select(t.tickets.c.doc))
    return [clock_of(one) for (doc,) in documents for one in (doc.get("handling") or {}).get("clocks") or ()]


async def standing(db: Database) -> Counts:
    """Counted from rows and documents."""
    breaches: Counter[tuple[str | None, str]] = Counter()
    for clock in await clocks(db):
        missed = [one.due_at for one in clock.earlier if one.breached_at is not None]
        if clock.breached_at is not None:
            missed.append(clock.due_at)
        for due_at in missed:
            breaches[clock.unit if due_at > clock.owned_at else None, clock.kind.value] += 1
    ratings: Counter[int] = Counter()
    for (doc,) in await rows(db, sa.select(t.tickets.c.doc)):
        ratings.update(one["satisfied"] for one in (doc.get("outcome") or {}).get("evaluations") or ())
    return Counts(
        stages=Counter(dict(await rows(db, _grouped(t.tickets.c.status)))),
        tasks=Counter({row[:2]: row[2] for row in await rows(db, _grouped(t.tasks.c.unit, t.tasks.c.status))}),
        breaches=breaches,
        ratings=ratings,
        overdue=frozenset(one.clock_id for one in (await db.case_clocks.overdue(limit=1_000_000)).items),
    )


def _grouped(*columns: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(*columns, sa.func.count()).group_by(*columns)
