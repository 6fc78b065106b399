"""Delivery state: order per ticket, leases, back-off, dead letters."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.domain.command import Applied
from gateway.errors import FeedRefused, NotFound
from gateway.ports.feed import Replay
from gateway.storage import feed_tables
from gateway.storage.database import Database
from gateway.storage.delivery_rows import due, looks
from gateway.storage.takeable import Takeable
from tests.contract.storage.changes import event, pass_by, written
from tests.support.change import Change
from tests.support.clocks import SetClock
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def lease(db: Database, *, limit: int = 100, owner: str = "w", lease_s: float = 10) -> list[int]:
    return [d.event_seq for d in await db.deliveries.lease("cases", owner, limit=limit, lease_s=lease_s)]


async def two_tickets(db: Database) -> list[Applied]:
    return [await db.changes.execute(written(str(n))) for n in range(2)]


async def test_each_ticket_in_order_one_at_a_time(db: Database) -> None:
    one, _ = await two_tickets(db)
    leased = await db.deliveries.lease("cases", "w", limit=10, lease_s=10)
    assert [d.event_seq for d in leased] == [1, 3]
    first = leased[0]
    assert (first.feed, first.type, first.attempts, first.ticket_id) == (
        "cases",
        "ticket.registered",
        0,
        one.ticket_id,
    )
    assert first.record == await db.reader.ticket(one.ticket_id)
    assert first.event == (await db.reader.events())[0]
    assert first.event_id == first.event["event_id"]
    assert await lease(db) == []
    await db.deliveries.delivered("cases", [1])
    assert await lease(db) == [2]
    await db.deliveries.delivered("cases", [2, 3])
    assert await lease(db) == [4]
    await db.deliveries.delivered("cases", [4])
    assert await lease(db) == []
    assert await db.deliveries.counts() == {"cases": {"pending": 0, "dead": 0}}


async def test_a_worker_that_dies_loses_nothing(db: Database, clock: SetClock) -> None:
    await two_tickets(db)
    assert await lease(db, owner="dies") == [1, 3]
    clock.forward(11)
    assert await lease(db, owner="lives") == [], "nobody could tell how the store was meanwhile"
    await pass_by(db, clock, 10)
    assert await lease(db, owner="lives") == [1, 3]


@pytest.mark.parametrize("ahead_s", [3600, -3600])
async def test_a_clock_that_jumps_neither_repeats_nor_stops_a_feed(
    opened: Open, db: Database, clock: SetClock, ahead_s: int
) -> None:
    """Neither the clock of this worker's machine nor that of another one."""
    other = await opened(clock=clock.ahead(ahead_s))
    await two_tickets(other)
    assert await lease(other, limit=1) == [1]
    assert await lease(db) == [3], "what a clock an hour ahead has taken in is due"
    clock.jump(-ahead_s)
    assert await lease(db) == await lease(other) == []
    await db.deliveries.failed("cases", 3, "503", retry_in_s=60)
    clock.jump(ahead_s)
    clock.forward(61)
    assert 3 in await lease(db), "what failed before a jump is tried again soon"


async def test_what_a_process_left_that_is_known_to_be_gone_is_taken_at_the_next_look(opened: Open) -> None:
    gone: set[str] = set()
    db = await opened(is_gone=gone.__contains__)
    await two_tickets(db)
    assert await lease(db, owner="dying") == [1, 3]
    assert await lease(db) == []
    gone.add("dying")
    assert await lease(db) == [1, 3]
    assert await lease(db, owner="other") == [], "it is this one's now"


async def test_workers_share_without_overlap(opened: Open) -> None:
    stores = [await opened() for _ in range(3)]
    await asyncio.gather(*(stores[0].changes.execute(written(str(n))) for n in range(30)))
    shares = await asyncio.gather(*(lease(store, owner=str(n), limit=10) for n, store in enumerate(stores)))
    taken = [seq for share in shares for seq in share]
    assert len(taken) == len(set(taken))
    while more := await lease(stores[0], limit=10):
        taken += more
    assert sorted(taken) == list(range(1, 60, 2))


async def test_failing_waits_and_then_dies(db: Database, clock: SetClock) -> None:
    await two_tickets(db)
    assert await lease(db, limit=1) == [1]
    await db.deliveries.failed("cases", 1, "503\x00", retry_in_s=60)
    assert await lease(db) == [3]
    clock.forward(61)
    (again,) = [d for d in await db.deliveries.lease("cases", "w", limit=9, lease_s=5) if d.event_seq == 1]
    assert again.attempts == 1
    await db.deliveries.failed("cases", 1, "400 bad", retry_in_s=None)
    assert (await db.deliveries.counts())["cases"] == {"pending": 3, "dead": 1}
    (dead,) = await db.deliveries.dead_letters("cases")
    assert (dead["event_seq"], dead["type"], dead["attempts"], dead["last_error"]) == (
        1,
        "ticket.registered",
        2,
        "400 bad",
    )
    assert dead["dead_at"] == "2026-11-23T04:01:01.000Z"
    assert await db.deliveries.dead_letters("other") == []
    assert 2 in await lease(db)
    with pytest.raises(NotFound):
        await db.deliveries.replay("cases", 2)
    await db.deliveries.delivered("cases", [2])
    await db.deliveries.replay("cases", 1)
    assert 1 in await lease(db)


async def test_feeds_own_events_are_not_delivered(db: Database) -> None:
    one, _ = await two_tickets(db)
    await db.changes.execute(Change(ticket_id=one.ticket_id, events=(event("feed_replayed"), event("feedback.given"))))
    await db.deliveries.delivered("cases", await lease(db))
    seen = []
    while seqs := await lease(db):
        seen += seqs
        await db.deliveries.delivered("cases", seqs)
    assert sorted(seen) == [2, 4, 6]


async def test_feeds_do_not_know_each_other(db: Database) -> None:
    await two_tickets(db)
    assert await lease(db) == [1, 3]
    other = await db.deliveries.lease("archive", "w", limit=1, lease_s=10)
    assert [d.event_seq for d in other] == [1]
    assert await db.deliveries.counts() == {"cases": {"pending": 4, "dead": 0}, "archive": {"pending": 4, "dead": 0}}


@pytest.mark.parametrize("waiting", [10, 10_000])
async def test_what_is_due_costs_the_same_however_much_waits(db: Database, waiting: int) -> None:
    """Rows that are not due, and those behind a head, are never looked at."""
    at, later = "2026-11-23T08:00:00.000Z", "2026-11-23T09:00:00.000Z"

    def fill(connection: sa.Connection) -> None:
        rows = [
            {
                "feed": "cases",
                "event_seq": seq,
                "ticket_id": f"T{seq % (waiting // 2)}",
                "attempts": 0,
                "next_at": later if seq > 4 else at,
                "head": seq <= waiting // 2,
            }
            for seq in range(1, waiting + 1)
        ]
        connection.execute(sa.insert(feed_tables.deliveries), rows)

    await db.sql.write(fill)
    free = Takeable(
        now=at, furthest="2026-11-23T10:00:00.000Z", run_out=frozenset({("gone", "2026-11-23T08:30:00.000Z")})
    )
    assert await db.sql.read(lambda c: due(c, "cases", free, 8)) == [1, 2, 3, 4]
    assert await db.sql.read(lambda c: sum(_cost(c, query.limit(8)) for query in looks("cases", free))) < 150


async def test_what_happens_to_rows_leaves_one_head_a_ticket(db: Database) -> None:
    """Whatever the order of deliveries, failures, deaths and replays."""
    for _ in range(3):
        await two_tickets(db)
    dice = random.Random(12345)
    for _ in range(150):
        leased = await lease(db, limit=dice.randint(1, 4))
        match dice.choice(("deliver", "fail", "die", "replay", "replay")):
            case "deliver":
                await db.deliveries.delivered("cases", leased)
                leased = []
            case "die" if leased:
                await db.deliveries.failed("cases", leased.pop(), "no", retry_in_s=None)
            case "replay":
                first = dice.randint(1, 12)
                await db.deliveries.replay_many("cases", Replay(first=first, last=first + 3))
            case _:
                pass
        for seq in leased:
            await db.deliveries.failed("cases", seq, "later", retry_in_s=0)
        heads, firsts = await db.sql.read(_heads)
        assert heads == firsts


def _cost(connection: sa.Connection, query: sa.Select[Any]) -> int:
    """The database's own count: SQLite's steps, PostgreSQL's rows."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        counted = itertools.count()
        driver.set_progress_handler(lambda: next(counted) < 0, 1)
        connection.execute(query).all()
        driver.set_progress_handler(None, 0)
        return next(counted)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    told = query.compile(connection, compile_kwargs={"literal_binds": True})
    [[plan]] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {told}").all()
    return sum(map(int, re.findall(r'"(?:Actual Rows|Rows Removed by Filter)": (\d+)', json.dumps(plan))))


def _heads(connection: sa.Connection) -> tuple[list[int], list[int]]:
    columns = feed_tables.deliveries.c
    heads = sa.select(columns.event_seq).where(columns.head)
    firsts = sa.select(sa.func.min(columns.event_seq)).where(columns.dead_at.is_(None)).group_by(columns.ticket_id)
    found = [sorted(connection.execute(query).scalars()) for query in (heads, firsts)]
    return found[0], found[1]


@pytest.mark.parametrize(
    "said", ["HTTP 400: <b>\r\n\t<i>no\x00\ud800", "HTTP 400: <b>\x1b <i>no", "HTTP 400:\u202e <b> <i>no\n"]
)
async def test_what_a_receiver_says_is_kept_as_one_printable_line(db: Database, said: str) -> None:
    await two_tickets(db)
    [seq] = await lease(db, limit=1)
    await db.deliveries.failed("cases", seq, said, retry_in_s=None)
    [letter] = await db.deliveries.dead_letters()
    assert letter["last_error"] == "HTTP 400: <b> <i>no"
    await db.deliveries.hold("cases", FeedRefused(said, cause="key"), probe_in_s=1)
    assert (await db.deliveries.held())[0].why == "HTTP 400: <b> <i>no"
