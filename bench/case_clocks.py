"""Clocks of cases: 100,000 that run, 50,000 that are overdue after a night down, and how late each is told; dispatch.

The tickets are dispatched by the gateway's own commands on a SQLite file, and fired by its own worker. First nothing is
due and the worker's CPU time is told. Then 1,000 limits pass one after the other within ten seconds: how long after its
time each breach stands in the record. Then the machine was down for a night: all limits of signing have passed, and
while the worker catches up somebody writes a contact every 20 ms and waits for it, beside the same with no worker.
Last, who must act is decided for every leaf of the taxonomy in every street. ``HOTLINE_BENCH_CLOCKS`` sets another
number of running clocks (short form: 4000).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.report import Row, judged
from gateway.casework.clock_worker import ClockWorker
from gateway.casework.fire_clock import FireClock
from gateway.domain.case.case import Case, Offer
from gateway.domain.command import Applied, Refs
from gateway.domain.events import CaseDispatched
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.task_status import Role
from gateway.domain.world import NewTicket, World
from gateway.ports.case_clocks import DueClock
from gateway.storage import tables as t
from gateway.storage.database import Database, open_database
from gateway.telemetry import log
from tests.support.clocks import SHANGHAI, ShiftedClock
from tests.support.small_city import SmallCity

RUNNING = int(os.environ.get("HOTLINE_BENCH_CLOCKS", "100000"))
OVERDUE, IN_ROW, UNITS = RUNNING // 2, 1000, 60
IDLE_S, ROW_S, AT_ONCE, PACE_S, ALONE, LOOK_S = 30.0, 10.0, 250, 0.02, 200, 0.5
_SIGN = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class _Dispatch:
    """A ticket that a unit has from ``at`` on: with two clocks, of signing and of the reply."""

    at: datetime
    ticket_id: str
    unit: str
    trace: str | None = None

    def refs(self) -> Refs:
        return Refs(new_ticket_at=self.at)

    def decide(self, world: World) -> Applied:
        new = NewTicket(
            ticket_id=self.ticket_id,
            created_at=self.at,
            line="citizen",
            channel="platform",
            channel_id="bench",
            requester_id=self.ticket_id,
            form=Form(),
        )
        ticket = world.register(new, self.at)
        decided = CaseDispatched(at=self.at, stage="function", trace=[], directory="directory:1", policy="policy:0")
        offer = Offer(task_id=f"{self.ticket_id}-1", unit=self.unit, role=Role.LEAD)
        Case(ticket, self.at, "system", world.case_rules).dispatch(decided, [offer])
        return world.applied(ticket)


async def rows() -> list[Row]:
    """One store, three situations; then dispatch."""
    log.configure(level="error")
    with tempfile.TemporaryDirectory() as folder:
        clock = ShiftedClock()
        database = await open_database("", data_dir=Path(folder), zone=SHANGHAI, clock=clock, synchronous="NORMAL")
        try:
            return [
                *await _idle(database),
                *await _in_time(database),
                *await _after_a_night(database, clock),
                _decided(),
            ]
        finally:
            await database.aclose()


async def _made(database: Database, begins: Sequence[datetime]) -> None:
    """A dispatched ticket for each of ``begins``."""
    commands = [_Dispatch(at=at, ticket_id=new_ulid(), unit=f"M{n % UNITS:02d}") for n, at in enumerate(begins)]
    for first in range(0, len(commands), AT_ONCE):
        await asyncio.gather(*map(database.changes.execute, commands[first : first + AT_ONCE]))


@contextlib.asynccontextmanager
async def _worker(database: Database) -> AsyncIterator[None]:
    def fire(due: DueClock) -> FireClock:
        return FireClock(at=due.found_at, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)

    worker = ClockWorker(due=database.case_clocks, commands=database.changes, fire=fire, owner="bench")
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _breached(database: Database) -> int:
    column = t.clocks.c.overdue_since
    found: int = await database.sql.read(
        lambda c: c.execute(sa.select(sa.func.count()).where(column.is_not(None))).scalar_one()
    )
    return found


async def _until(database: Database, breached: int) -> None:
    """So many limits have been told as passed."""
    while True:
        if await _breached(database) >= breached:
            return
        await asyncio.sleep(LOOK_S)


async def _idle(database: Database) -> list[Row]:
    now = datetime.now(UTC)
    await _made(database, [now] * (RUNNING // 2))
    async with _worker(database):
        began, since = time.process_time(), time.monotonic()
        await asyncio.sleep(IDLE_S)
        share = (time.process_time() - began) / (time.monotonic() - since)
    return [
        judged(f"{RUNNING:,} clocks that run", f"{share:.2%} of a core", "a core: 1 %", share / 0.01, at_most=1.0),
    ]


async def _in_time(database: Database) -> list[Row]:
    first = datetime.now(UTC) - _SIGN + timedelta(seconds=3)
    seen = await database.reader.last_event_seq()
    await _made(database, [first + timedelta(seconds=n * ROW_S / IN_ROW) for n in range(IN_ROW)])
    async with _worker(database):
        await _until(database, IN_ROW)
    late = []
    while some := await database.reader.events(after=seen, limit=5000):
        seen = some[-1]["event_seq"]
        told = [one for one in some if one["type"] == "clock.breached"]
        late += [(from_rfc3339(one["at"]) - from_rfc3339(one["data"]["due"])).total_seconds() for one in told]
    p99 = statistics.quantiles(late, n=100)[98]
    return [
        judged(f"breach told after its time, p99 of {len(late):,}", f"{p99:.2f} s", "may be 2 s", p99 / 2, at_most=1.0)
    ]


async def _after_a_night(database: Database, clock: ShiftedClock) -> list[Row]:
    alone: list[float] = []
    await _written(database, alone, lambda: len(alone) < ALONE)
    there = await _breached(database)
    clock.ahead = timedelta(hours=12)
    waited: list[float] = []
    began, cpu = time.monotonic(), time.process_time()
    caught_up = asyncio.Event()
    async with _worker(database):
        writing = asyncio.create_task(_written(database, waited, lambda: not caught_up.is_set()))
        await _until(database, there + OVERDUE)
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        caught_up.set()
        await writing
    p99, usual = (statistics.quantiles(some, n=100)[98] * 1000 for some in (waited, alone))
    return [
        judged(f"{OVERDUE:,} overdue, all told", f"{took:.1f} s ({cpu:.1f} s CPU)", "60 s", took / 60, at_most=1.0),
        judged(
            "what a contact waits longer meanwhile, p99",
            f"{p99 - usual:.1f} ms ({p99:.1f} ms)",
            f"without: {usual:.1f} ms; may be 50 ms longer",
            (p99 - usual) / 50,
            at_most=1.0,
        ),
    ]


async def _written(database: Database, waited: list[float], goes_on: Callable[[], bool]) -> None:
    """Contacts, one every 20 ms; how long each waited for its commit."""
    while goes_on():
        began = time.monotonic()
        await _made(database, [datetime.now(UTC) + timedelta(days=1)])
        waited.append(time.monotonic() - began)
        await asyncio.sleep(PACE_S)


def _decided() -> Row:
    city, took = SmallCity(1), []
    for need in city.every_need():
        began = time.perf_counter()
        city.decided(need, date(2026, 11, 30))
        took.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(took, n=100)[94]
    return judged(f"a decision, p95 of {len(took):,}", f"{p95:.3f} ms", "may be 5 ms", p95 / 5, at_most=1.0)
