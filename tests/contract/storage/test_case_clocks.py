"""Clocks as rows: found by an index when they are due, leased in slices, fired once whatever happens to a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.casework.clock_worker import SLICE, ClockWorker
from gateway.domain.case.clock import TICK, CaseClock, WhyMoved, start
from gateway.domain.case.clock_moves import ClockFact, Happened, fire, meet, move, pause
from gateway.domain.case.policy import WALL, ClockKind, ClockTerms, EscalateTo, EscalationStep, TimeLimit
from gateway.domain.command import Applied
from gateway.errors import NotFound
from gateway.ports.case_clocks import DueClock, UnsureClock
from gateway.storage.case_lists import waiting
from gateway.storage.clock_rows import LEASES, looks, overdue, write_clocks
from gateway.storage.database import Database
from gateway.storage.unsure_clocks import unsure
from tests.contract.storage.changes import pass_by
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]

MINUTE = timedelta(minutes=1)
UNITS = (("a", "M02"), ("b", "M02"), ("c", "M07"), ("d", "M02"), ("e", "M07"))
TOLD = (EscalationStep(timedelta(0), EscalateTo.UNIT),)
SIGN = ClockTerms(
    limit=TimeLimit(length=30 * MINUTE, warn_before=10 * MINUTE, escalation=TOLD), calendar=WALL, policy=1
)


TWO_HOURS = replace(SIGN, limit=replace(SIGN.limit, length=120 * MINUTE))


def ticking(name: str, at: datetime = NOON) -> CaseClock:
    return start(name, ClockKind.SIGN, at, SIGN, task_id=f"task-{name}", unit="M02")


async def put(db: Database, *clocks: CaseClock) -> None:
    await db.sql.write(lambda c: write_clocks(c, {f"ticket-{clock.clock_id}": [clock] for clock in clocks}))


async def take(db: Database, *, owner: str = "w", limit: int = 100, lease_s: float = 10) -> list[str]:
    return [one.clock_id for one in await db.case_clocks.take(owner, limit=limit, lease_s=lease_s)]


async def test_a_clock_is_found_when_something_comes_of_it_next(db: Database, clock: SetClock) -> None:
    await put(db, ticking("b"), ticking("a"), ticking("later", NOON + MINUTE))
    assert await take(db) == []
    clock.forward(20 * 60)
    found = await db.case_clocks.take("w", limit=10, lease_s=10)
    assert [(one.clock_id, one.ticket_id) for one in found] == [("a", "ticket-a"), ("b", "ticket-b")]
    assert {one.next_at for one in found} == {NOON + 20 * MINUTE}
    assert {one.found_at for one in found} == {clock.now()}


async def test_the_longest_overdue_come_first_and_no_more_than_asked_for(db: Database, clock: SetClock) -> None:
    await put(db, *(ticking(f"c{n}", NOON - n * MINUTE) for n in range(5)))
    clock.forward(3600)
    assert await take(db, limit=2) == ["c4", "c3"]
    assert await take(db, limit=9) == ["c2", "c1", "c0"]


async def test_what_has_ended_or_is_paused_is_never_found(db: Database, clock: SetClock) -> None:
    met = meet(ticking("met"), NOON, SIGN).clock
    await put(db, met, pause(ticking("paused"), NOON).clock)
    clock.forward(86_400)
    assert await take(db) == []


async def test_a_change_of_the_clock_ends_the_lease(db: Database, clock: SetClock) -> None:
    ticks = ticking("c")
    await put(db, ticks)
    clock.forward(25 * 60)
    [due] = await db.case_clocks.take("w", limit=10, lease_s=10)
    assert await take(db, owner="another") == []
    await put(db, fire(ticks, due.next_at, due.found_at).clock)
    assert await take(db, owner="another") == []
    clock.forward(5 * 60 + 1)
    assert await take(db, owner="another") == ["c"]


async def test_what_a_worker_took_that_died_is_anybodys_after_its_lease(
    db: Database, opened: Open, clock: SetClock
) -> None:
    await put(db, ticking("c"))
    clock.forward(1800)
    other = await opened(is_gone=lambda owner: owner == "known to be gone")
    assert await take(db, owner="died") == ["c"]
    assert await take(other) == []
    clock.jump(86_400)
    assert await take(other) == [], "no jump of a clock ends a lease"
    await pass_by(other, clock, 11)
    assert await take(other) == ["c"]
    assert await take(db, owner="w") == []


async def test_an_owner_that_is_known_to_be_gone_is_not_waited_for(db: Database, opened: Open, clock: SetClock) -> None:
    await put(db, ticking("c"))
    clock.forward(1800)
    assert await take(db, owner="known to be gone") == ["c"]
    other = await opened(is_gone=lambda owner: owner == "known to be gone")
    assert await take(other) == ["c"]


async def test_what_is_overdue_and_not_done_is_listed_the_longest_first(db: Database) -> None:
    late = NOON + 31 * MINUTE
    clocks = [replace(ticking(name, NOON - n * MINUTE), unit=unit) for n, (name, unit) in enumerate(UNITS)]
    fired = [fire(one, one.next_at or late, late).clock for one in clocks]
    done = meet(fired[1], late, SIGN).clock
    moved = move(fired[2], late, TWO_HOURS, WhyMoved.CORRECTED).clock
    await put(db, *fired, ticking("in-time"))
    await put(db, done, moved)
    listed = (await db.case_clocks.overdue()).items
    assert [(one.clock_id, one.unit) for one in listed] == [("e", "M07"), ("d", "M02"), ("a", "M02")]
    assert [
        (one.clock_id, one.task_id, one.kind) for one in (await db.case_clocks.overdue(unit="M02", limit=1)).items
    ] == [("d", "task-d", "sign")]
    assert listed[-1].overdue_since == listed[-1].due_at + TICK == NOON + 30 * MINUTE + TICK
    assert (await db.case_clocks.overdue(unit="M99")).items == ()


def _plan(connection: sa.Connection, query: sa.Select[Any]) -> str:
    told = query.compile(connection, compile_kwargs={"literal_binds": True})
    if connection.dialect.name == "sqlite":
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}"))
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {told}"))


async def test_every_look_goes_by_its_index_and_sorts_nothing(db: Database) -> None:
    await put(db, *(ticking(f"c{n:04d}") for n in range(2000)))
    late = unsure(
        "2026-12-31T16:00:00.000Z", "2027-12-31T16:00:00.000Z", UnsureClock(clock_id="c", ticket_id="t", due_at=NOON)
    )
    due, left = looks("2026-11-23T05:00:00.000Z", [("w", "2026-11-23T04:00:00.000Z")])

    def read(connection: sa.Connection) -> list[str]:
        return [_plan(connection, query.limit(100)) for query in (due, left, LEASES, overdue("M02"), waiting(), late)]

    plans = await db.sql.read(read)
    assert "clocks_due" in plans[0]
    assert "clocks_leased" in plans[1]
    assert "clocks_leased" in plans[2]
    assert "clocks_overdue" in plans[3]
    assert "clocks_of_centre" in plans[4]
    assert "clocks_unsure" in plans[5]
    assert not any(
        word in plan.upper() for plan in plans[:2] for word in ("SEQ SCAN", "SORT", "TEMP B-TREE", "SCAN CLOCKS\n")
    )


@dataclass
class Fire:
    """What the record's command does: fires the clock of the ticket, or drops what is stale."""

    due: DueClock
    trace: str | None = None


@dataclass
class Record:
    """Tickets' clocks as the record holds them, in the test's database; knows everything that was told."""

    db: Database
    clocks: dict[str, CaseClock]
    told: dict[str, list[Happened]] = field(default_factory=dict)
    dropped: int = 0
    at_once: int = 0
    before_write: Callable[[DueClock], None] = lambda _: None
    _waiting: list[tuple[DueClock, asyncio.Future[None]]] = field(default_factory=list)

    async def execute(self, command: Fire) -> Applied:
        """Commands that arrive together are committed together."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((command.due, done))
        await asyncio.sleep(0)
        if self._waiting:
            batch, self._waiting = self._waiting, []
            await self._commit(batch)
        await done
        return Applied(ticket_id=command.due.ticket_id, ticket_no="", interaction_id=None, version=0, event_seq=0)

    async def _commit(self, batch: list[tuple[DueClock, asyncio.Future[None]]]) -> None:
        self.at_once = max(self.at_once, len(batch))
        changed = {}
        for due, done in batch:
            try:
                self.before_write(due)
            except NotFound as error:
                done.set_exception(error)
                continue
            outcome = fire(self.clocks[due.clock_id], due.next_at, due.found_at)
            self.dropped += not outcome.happened
            if outcome.happened:
                self.clocks[due.clock_id] = outcome.clock
                changed[due.ticket_id] = [outcome.clock]
                self.told.setdefault(due.clock_id, []).extend(outcome.happened)
        await self.db.sql.write(lambda c: write_clocks(c, changed))
        for _, done in batch:
            if not done.done():
                done.set_result(None)


def worker(db: Database, record: Record, owner: str) -> ClockWorker:
    commands: Any = record
    make: Any = Fire
    return ClockWorker(due=db.case_clocks, commands=commands, fire=make, owner=owner, poll_s=0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.01)


async def test_three_workers_fire_each_clock_once_in_slices(db: Database, opened: Open, clock: SetClock) -> None:
    clocks = {f"c{n:03d}": ticking(f"c{n:03d}") for n in range(450)}
    record = Record(db, dict(clocks))
    await put(db, *clocks.values())
    clock.forward(12 * 3600)
    bases = [db, await opened(), await opened()]
    running = [asyncio.create_task(worker(base, record, f"w{n}").run()) for n, base in enumerate(bases)]
    await until(lambda: len(record.told) == len(clocks))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    expected = [ClockFact.WARNED, ClockFact.BREACHED, ClockFact.ESCALATED]
    assert {name: [one.what for one in told] for name, told in record.told.items()} == dict.fromkeys(clocks, expected)
    assert 1 < record.at_once <= SLICE * len(bases)
    assert await take(db) == []


async def test_what_a_killed_worker_had_taken_the_others_fire_once(db: Database, opened: Open, clock: SetClock) -> None:
    clocks = {f"c{n}": ticking(f"c{n}") for n in range(20)}
    record = Record(db, dict(clocks))
    await put(db, *clocks.values())
    clock.forward(3600)
    assert len(await take(db, owner="killed", limit=15)) == 15
    other = await opened()
    running = asyncio.create_task(worker(other, record, "w").run())
    await until(lambda: len(record.told) == 5)
    async with asyncio.timeout(120):
        while len(record.told) < len(clocks):
            await pass_by(other, clock, 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {len(told) for told in record.told.values()} == {3}


async def test_a_clock_that_cannot_be_fired_holds_up_no_other(db: Database, clock: SetClock) -> None:
    def refuse(due: DueClock) -> None:
        if due.clock_id == "bad":
            raise NotFound("no such ticket")

    clocks = {name: ticking(name) for name in ("bad", "good", "well")}
    record = Record(db, dict(clocks), before_write=refuse)
    await put(db, *clocks.values())
    clock.forward(3600)
    running = asyncio.create_task(worker(db, record, "w").run())
    await until(lambda: len(record.told) == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert set(record.told) == {"good", "well"}
