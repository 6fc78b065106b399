"""The index of open tickets over a real database: filled at a start, following, forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.change import Change, Merge
from gateway.intake.ticket.similar import DAYS, PAGE, SimilarTickets
from gateway.storage.database import Database, open_database
from tests.contract.storage.changes import call, written
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.databases import ready_sqlite
from tests.support.waiting import until

pytestmark = pytest.mark.integration

LAMP = "国贸路的路灯坏了一个星期了，晚上很黑"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def db(tmp_path: Path, clock: SetClock) -> AsyncIterator[Database]:
    ready_sqlite(tmp_path / "gateway.db")
    database = await open_database("", data_dir=tmp_path, zone=SHANGHAI, clock=clock)
    yield database
    await database.aclose()


@asynccontextmanager
async def running(db: Database, clock: SetClock) -> AsyncIterator[SimilarTickets]:
    index = SimilarTickets(store=db.words, clock=clock, next_commit=db.committed.next)
    task = asyncio.create_task(index.run())
    try:
        yield index
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def added(db: Database, key: str, content: str = LAMP, *, address: str | None = "国贸路", **more: Any) -> str:
    fields = {("place", "address"): address, **more.pop("fields", {})}
    return (await db.changes.apply(written(key, content=content, fields=fields, **more))).ticket_id


async def test_a_new_process_knows_what_was_open_before(db: Database, clock: SetClock) -> None:
    known = [await added(db, f"k{n}", f"{LAMP}，{n}号") for n in range(3)]
    await db.changes.apply(call("silent"))
    await added(db, "nothing", "")
    await db.changes.apply(Change(ticket_id=known[2], ticket_fields={("status",): "archived"}))
    async with running(db, clock) as index:
        await until(lambda: index.complete)
        assert len(index) == 2
        assert [one["ticket_id"] for one in await index.related(known[0])] == [known[1]]
        assert await index.related(known[2]) == []


async def test_more_tickets_than_a_page_are_read_to_the_end(db: Database, clock: SetClock) -> None:
    await asyncio.gather(*(added(db, f"m{n}", f"{LAMP}，{n}号") for n in range(PAGE + 5)))
    async with running(db, clock) as index:
        await until(lambda: index.complete)
        assert len(index) == PAGE + 5


async def test_it_follows_what_changes(db: Database, clock: SetClock) -> None:
    async with running(db, clock) as index:
        await until(lambda: index.complete)
        a, b, c = [await added(db, key) for key in "abc"]
        await until(lambda: len(index) == 3)
        await db.changes.apply(Change(ticket_id=b, merge=Merge(other=c)))
        # What the index has not seen yet is not said either.
        assert [one["ticket_id"] for one in await index.related(a)] == [c]
        view = await index.view(a)
        assert (view.items[0].reporters, view.reporters) == (2, 3)
        await until(lambda: len(index) == 2)
        await db.changes.apply(Change(ticket_id=b, merge=Merge(other=c, undo=True)))
        await until(lambda: len(index) == 3)


async def test_old_tickets_are_no_candidates_and_are_forgotten(db: Database, clock: SetClock) -> None:
    old = await added(db, "old")
    async with running(db, clock) as index:
        await until(lambda: len(index) == 1)
        clock.forward(timedelta(days=DAYS, hours=2).total_seconds())
        new = await added(db, "new", at=clock.now())
        assert await index.related(new) == []
        await until(lambda: new in index and old not in index)
    async with running(db, clock) as index:
        await until(lambda: index.complete)
        assert new in index
        assert old not in index


async def test_everybody_who_reports_it_is_counted_once(db: Database, clock: SetClock) -> None:
    async with running(db, clock) as index:
        mine = [await added(db, f"r{n}", phone="+8613800138000") for n in range(3)]
        others = [await added(db, f"o{n}", phone=f"+861390013900{n}") for n in range(9)]
        await until(lambda: len(index) == 12)
        view = await index.view(mine[0])
        assert (view.reporters, view.repeats, len(view.items)) == (10, 2, 5)
        assert {one.words.ticket_id for one in view.items} <= {*mine, *others}


async def test_only_one_matter_at_one_place_is_counted(db: Database, clock: SetClock) -> None:
    """Half a city reports a power cut in the same words: that is no single matter of 77 people."""

    def at(
        district: str, street: str | None = None, topic: str = "01", level: str = "l1"
    ) -> dict[tuple[str, ...], Any]:
        place = {"district": {"code": district}, "street": {"code": street} if street else None}
        return {("place", key): value for key, value in place.items()} | {("demand", "category"): {level: topic}}

    async with running(db, clock) as index:
        ticket = await added(db, "own", fields=at("460106", "460106001"), address="国贸路12号")
        there = {"there": at("460106", "460106001"), "beside": at("460106")}
        for n, (key, fields) in enumerate(there.items()):
            await added(db, key, fields=fields, address="国贸路 12 号", phone=f"+861390013900{n}")
        await added(db, "whole street", fields=at("460106", "460106001"), address=None, phone="+8613900139002")
        elsewhere = {
            "other house": (at("460106", "460106001"), "国贸路98号"),
            "other street": (at("460106", "460106002"), None),
            "district only": (at("460106"), None),
            "nowhere": ({}, None),
            "other matter": (at("460106", "460106001", "07"), "国贸路12号"),
        }
        for n, (key, (fields, address)) in enumerate(elsewhere.items()):
            await added(db, key, fields=fields, address=address, phone=f"+861370013700{n}")
        await until(lambda: len(index) == 9)
        view = await index.view(ticket)
        assert view.reporters == 4, "the ticket's own, two at the house, one of the street"
        assert len(view.items) == 5, "what is similar is offered wherever it is"
