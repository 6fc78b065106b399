"""A week of a small city around the Spring Festival, in virtual time: every count equals a recount from events.

2,000 people, 60 units, a real store that is away for half an hour, clocks fired by two workers. A month with 20,000 is
in ``bench/city_month.py``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.storage import tables as t
from gateway.storage.database import Database, open_database
from tests.support.city_days import STEP
from tests.support.city_life import CityLife
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.databases import ready_sqlite
from tests.support.recount import Recount
from tests.support.small_city import SmallCity
from tests.support.standing import clocks, events, recount, rows, standing

pytestmark = pytest.mark.e2e
BEGIN = datetime(2026, 2, 13, tzinfo=SHANGHAI).astimezone(UTC)
OUTAGE = tuple(datetime(2026, 2, 16, 2, minute, tzinfo=SHANGHAI).astimezone(UTC) for minute in (0, 30))

CODE = re.compile(r"[\x21-\x7e]{0,64}")
"""Ids, words of vocabularies and instants."""
NEEDED = {
    *(f"case.{one}" for one in ("undecided", "dispatched", "replied", "reopened", "supervised", "archived")),
    *(f"case.{one}" for one in ("informed", "deflected")),
    *(f"ticket.{one}" for one in ("withdrawn", "merged", "unmerged", "corrected", "rated")),
    *(f"task.{one}" for one in ("signed", "responded", "arrived", "return_asked", "returned", "upheld", "reassigned")),
    *(f"task.{one}" for one in ("extended", "paused", "resumed", "sent_back", "cancelled")),
    *(f"clock.{one}" for one in ("warned", "breached", "escalated", "moved", "stopped")),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def week(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CityLife]:
    """It is over; the store is open."""
    folder: Path = tmp_path_factory.mktemp("week")
    url, clock = f"sqlite:///{ready_sqlite(folder / 'record.db')}", SetClock(BEGIN)

    async def opened() -> Database:
        return await open_database(url, data_dir=folder, zone=SHANGHAI, clock=clock, synchronous="OFF")

    life = CityLife(
        city=SmallCity(7),
        opened=opened,
        clock=clock,
        seed=7,
        contacts=2000,
        begin=BEGIN,
        days=8,
        outage=(OUTAGE[0], OUTAGE[1]),
    )
    await life.run()
    yield life
    await life.db.aclose()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_week_has_everything_in_it(week: CityLife) -> None:
    counted = await recount(week.db)
    assert len(week.city.units) == 60
    assert {kind for kind in NEEDED if not counted.kinds[kind]} == set()
    assert any(task.status == "offered" for task in counted.tasks.values())  # unsigned to the end
    assert week.refused  # who came too late


@pytest.mark.asyncio(loop_scope="module")
async def test_every_count_equals_a_recount_from_events(week: CityLife) -> None:
    counts = (await recount(week.db)).counts()
    assert await standing(week.db) == counts
    assert len(counts.breaches) > 30


@pytest.mark.asyncio(loop_scope="module")
async def test_every_ticket_is_the_fold_of_its_events(week: CityLife) -> None:
    for ticket_id in week.arrived:
        standing, told = await week.db.baselines.recount(ticket_id)
        assert standing == told


@pytest.mark.asyncio(loop_scope="module")
async def test_no_event_holds_what_people_wrote(week: CityLife) -> None:
    assert await rows(week.db, sa.select(t.case_notes.c.text).limit(1))
    for event in await events(week.db):
        values = [value for key, value in event["data"].items() if key != "changed"]
        values += [code for change in (event["data"].get("changed") or {}).values() for code in change]
        assert [value for value in values if isinstance(value, str) and not CODE.fullmatch(value)] == []


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_overdue_at_any_instant_equals_a_recount_from_events(week: CityLife) -> None:
    counted, told = Recount(), await events(week.db)
    assert len(week.snapshots) > 10
    for snapshot in week.snapshots:
        counted.take([event for event in told if event["event_seq"] <= snapshot.event_seq])
        told = [event for event in told if event["event_seq"] > snapshot.event_seq]
        assert snapshot.overdue == counted.overdue, snapshot.at
    assert any(snapshot.overdue for snapshot in week.snapshots)


@pytest.mark.asyncio(loop_scope="module")
async def test_rows_of_clocks_are_those_of_the_documents_and_none_was_forgotten(week: CityLife) -> None:
    columns = t.clocks.c
    query = sa.select(columns.clock_id, columns.due_at, columns.next_at, columns.overdue_since)
    shown = {
        clock.clock_id: (
            rfc3339(clock.due_at),
            None if clock.next_at is None else rfc3339(clock.next_at),
            rfc3339(clock.breached_at) if clock.breached_at is not None and clock.on_the_books else None,
        )
        for clock in await clocks(week.db)
    }
    assert {row[0]: row[1:] for row in await rows(week.db, query)} == shown
    assert min(next_at for _, next_at, _ in shown.values() if next_at) > rfc3339(week.clock.now())


@pytest.mark.asyncio(loop_scope="module")
async def test_every_breach_is_told_as_of_its_own_time_and_no_later_than_somebody_could_look(week: CityLife) -> None:
    owned = {clock.clock_id: clock.owned_at for clock in await clocks(week.db)}
    breached = [event for event in await events(week.db) if event["type"] == "clock.breached"]
    for event in breached:
        due = max(from_rfc3339(event["data"]["due"]), owned[event["data"]["clock_id"]])
        looked = from_rfc3339(event["at"])
        away = OUTAGE[1] - OUTAGE[0] if OUTAGE[0] <= due + STEP and due < OUTAGE[1] else timedelta()
        assert due - timedelta(milliseconds=1) <= looked <= due + STEP + away
    assert len({event["data"]["clock_id"] for event in breached}) > 100


@pytest.mark.asyncio(loop_scope="module")
async def test_a_week_without_an_interval_that_takes_nothing(week: CityLife) -> None:
    tickets = {row[0] for row in await rows(week.db, sa.select(t.tickets.c.ticket_id))}
    assert tickets == set(week.arrived)
    assert len(tickets) == week.contacts
    assert week.done["contact sent again"] + week.done["contact sent again in vain"] > 50
    waited = {one: week.accepted[one] - at for one, at in week.arrived.items()}
    assert max(waited.values()) <= OUTAGE[1] - OUTAGE[0] + timedelta(minutes=5)
    assert {one for one, long in waited.items() if long} == {
        one for one, at in week.arrived.items() if OUTAGE[0] <= at < OUTAGE[1]
    }
