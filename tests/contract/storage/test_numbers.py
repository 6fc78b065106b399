"""Ticket numbers and event numbers: gap-free, in commit order, by the city's day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.command import Applied
from gateway.errors import Conflict, NotFound, RejectedInput, StaleVersion, StoreUnavailable
from gateway.ports.store import TicketQuery
from gateway.storage import writer
from gateway.storage.database import Database
from gateway.storage.engine import Sql, SqliteSql, T, Work
from gateway.storage.signal import CommitSignal
from tests.contract.storage.changes import event, written
from tests.support.change import Change
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.stores import SQL_ALONE, Open

pytestmark = pytest.mark.contract


async def test_64_writers_at_once_leave_no_gap(opened: Open) -> None:
    one, two = await opened(), await opened()
    clients = [one if n % 2 else two for n in range(64)]

    async def client(n: int) -> list[Applied]:
        return [await clients[n].changes.execute(written(f"{n}/{i}", phone=f"+86138001{n:05d}")) for i in range(5)]

    applied = [a for answers in await asyncio.gather(*map(client, range(64))) for a in answers]
    assert sorted(a.ticket_no for a in applied) == [f"20261123{n:07d}" for n in range(1, 321)]
    events = await one.reader.events(limit=1000)
    assert [e["event_seq"] for e in events] == list(range(1, 641))
    assert await two.reader.last_event_seq() == 640
    in_commit_order = list(dict.fromkeys(e["ticket_no"] for e in events))
    assert in_commit_order == sorted(in_commit_order)
    assert all(a.version == 1 for a in applied)


async def test_the_day_is_the_citys_and_each_day_counts_for_itself(db: Database) -> None:
    before = datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)
    after = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    numbers = [
        (await db.changes.execute(written(str(n), at=at))).ticket_no
        for n, at in enumerate([before, after, before, after, before - timedelta(days=40), before])
    ]
    assert numbers == [
        "202611230000001",
        "202611240000001",
        "202611230000002",
        "202611240000002",
        "202610140000001",
        "202611230000003",
    ]


async def test_a_jumping_clock_within_one_batch(db: Database) -> None:
    days = [NOON, NOON + timedelta(days=1), NOON, NOON + timedelta(days=1), NOON]
    applied = await asyncio.gather(*(db.changes.execute(written(str(n), at=at)) for n, at in enumerate(days)))
    assert [a.ticket_no[6:] for a in applied] == ["230000001", "240000001", "230000002", "240000002", "230000003"]


async def test_a_redelivery_changes_nothing(opened: Open) -> None:
    db = await opened()
    first = await db.changes.execute(written("k", body="aa"))
    again, same = await asyncio.gather(
        db.changes.execute(written("k", body="aa")), (await opened()).changes.execute(written("k"))
    )
    assert again.replayed
    assert same.replayed
    assert (again.ticket_id, again.ticket_no, again.interaction_id) == (
        first.ticket_id,
        first.ticket_no,
        first.interaction_id,
    )
    assert await db.reader.last_event_seq() == 2
    assert (await db.changes.execute(written("other"))).ticket_no == "202611230000002"


async def test_two_copies_in_one_batch_are_one_ticket(db: Database) -> None:
    answers = await asyncio.gather(*(db.changes.execute(written("k")) for _ in range(10)))
    assert {a.ticket_no for a in answers} == {"202611230000001"}
    assert [a.replayed for a in answers].count(False) == 1


async def test_the_same_key_with_another_body_is_a_conflict(db: Database) -> None:
    await db.changes.execute(written("k", body="aa"))
    with pytest.raises(Conflict):
        await db.changes.execute(written("k", body="bb"))
    other_channel = written("k", body="bb")
    assert other_channel.dedupe is not None
    assert await db.reader.last_event_seq() == 2


@pytest.mark.parametrize("bad", ["a\x00b", "half \ud83d", "\udc00"])
async def test_one_bad_change_never_fails_its_neighbours(db: Database, bad: str) -> None:
    outcomes = await asyncio.gather(
        *(db.changes.execute(written(str(n), content=bad if n == 3 else "好")) for n in range(8)),
        db.changes.execute(Change(ticket_id="01NONE", events=(event(),))),
        return_exceptions=True,
    )
    assert isinstance(outcomes[3], RejectedInput)
    assert isinstance(outcomes[8], NotFound)
    numbers = [o.ticket_no for o in outcomes if isinstance(o, Applied)]
    assert numbers == [f"20261123{n:07d}" for n in range(1, 8)]


@SQL_ALONE
async def test_what_only_sql_refuses_is_isolated_too(db: Database) -> None:
    first = await db.changes.execute(written("0"))
    twin = written("twin")
    assert twin.new_ticket is not None
    object.__setattr__(twin.new_ticket, "ticket_id", first.ticket_id)
    outcomes = await asyncio.gather(
        *(db.changes.execute(c) for c in (written("1"), twin, written("2"))), return_exceptions=True
    )
    assert isinstance(outcomes[1], Conflict)
    assert [o.ticket_no[-1] for o in outcomes if isinstance(o, Applied)] == ["2", "3"]
    assert await db.reader.last_event_seq() == 6


async def test_a_stale_version_is_refused(db: Database) -> None:
    first = await db.changes.execute(written("k"))

    def corrected(version: int, title: str) -> Change:
        return Change(
            ticket_id=first.ticket_id,
            expected_version=version,
            ticket_fields={("demand", "title"): title},
            events=(event(),),
        )

    outcomes = await asyncio.gather(
        db.changes.execute(corrected(1, "first")), db.changes.execute(corrected(1, "late")), return_exceptions=True
    )
    assert isinstance(outcomes[0], Applied)
    assert outcomes[0].version == 2
    assert isinstance(outcomes[1], StaleVersion)
    assert (await db.reader.ticket(first.ticket_id))["demand"]["title"] == "first"


async def test_changes_of_a_ticket_keep_their_order(db: Database) -> None:
    first = await db.changes.execute(written("k"))
    titles = [str(n) for n in range(50)]
    applied = await asyncio.gather(
        *(
            db.changes.execute(
                Change(ticket_id=first.ticket_id, ticket_fields={("demand", "title"): t}, events=(event(),))
            )
            for t in titles
        )
    )
    assert [a.version for a in applied] == list(range(2, 52))
    assert [a.event_seq for a in applied] == list(range(3, 53))
    assert (await db.reader.ticket(first.ticket_no))["demand"]["title"] == "49"


async def test_a_cancelled_caller_harms_nobody(db: Database) -> None:
    tasks = [asyncio.create_task(db.changes.execute(written(str(n)))) for n in range(6)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[2], asyncio.CancelledError)
    assert all(isinstance(o, Applied) for n, o in enumerate(outcomes) if n != 2)


@SQL_ALONE
async def test_too_many_waiting_are_refused_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING", 5)
    outcomes = await asyncio.gather(*(db.changes.execute(written(str(n))) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(o, StoreUnavailable) for o in outcomes) == 3
    assert len((await db.reader.tickets(TicketQuery())).items) == 5


class CommitsUnheard:
    """A database whose commit succeeds and whose answer is lost."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self.losing = True

    async def read(self, work: Work[T]) -> T:
        return await self._sql.read(work)

    async def write(self, work: Work[T]) -> T:
        result = await self._sql.write(work)
        if self.losing:
            raise StoreUnavailable("the connection broke after COMMIT was sent")
        return result

    async def aclose(self) -> None:
        await self._sql.aclose()


@SQL_ALONE
async def test_a_commit_whose_answer_is_lost_counts(db: Database, clock: SetClock) -> None:
    sql = CommitsUnheard(db.sql)
    changes = writer.GroupCommitWriter(sql=sql, zone=SHANGHAI, clock=clock, committed=CommitSignal())
    applied = await asyncio.gather(*(changes.execute(written(str(n))) for n in range(3)))
    assert [a.ticket_no[-1] for a in applied] == ["1", "2", "3"]
    assert await db.reader.last_event_seq() == 6


@SQL_ALONE
async def test_a_closed_database_refuses(db: Database) -> None:
    await db.changes.execute(written("0"))
    await db.aclose()
    if isinstance(db.sql, SqliteSql):
        with pytest.raises(StoreUnavailable):
            await db.changes.execute(written("1"))
