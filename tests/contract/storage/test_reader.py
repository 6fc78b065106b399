"""Pages, search, events and the live stream."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from gateway.errors import NotFound, RejectedInput
from gateway.ports.store import Record, TicketQuery
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change
from tests.support.events import told
from tests.support.searching import indexed
from tests.support.stores import SQL_ALONE, Open

pytestmark = pytest.mark.contract


async def walk(db: Database, **query: object) -> list[Record]:
    found: list[Record] = []
    cursors: list[str] = []
    cursor = None
    while True:
        page = await db.reader.tickets(TicketQuery(cursor=cursor, **query))  # type: ignore[arg-type]  # keywords of the test
        found += page.items
        if page.next_cursor is None:
            return found
        assert page.next_cursor not in cursors, "a cursor led back"
        cursors.append(cursor := page.next_cursor)


@SQL_ALONE
async def test_pages_in_both_directions(db: Database) -> None:
    for n in range(7):
        await db.changes.execute(written(str(n)))
    numbers = [f"20261123{n:07d}" for n in range(1, 8)]
    assert [r["ticket_no"] for r in await walk(db, limit=3)] == numbers
    assert [r["ticket_no"] for r in await walk(db, limit=3, newest_first=True)] == numbers[::-1]
    assert [r["ticket_no"] for r in await walk(db, limit=7)] == numbers
    assert [r["ticket_no"] for r in await walk(db, since=10)] == numbers[5:]


@SQL_ALONE
async def test_filters(db: Database) -> None:
    await db.changes.execute(call("c", phone="+8613800138000"))
    web = await db.changes.execute(
        written("w", content="Street LAMP 100% 路灯坏了", fields={("place", "address"): "人民大道"})
    )
    await db.changes.execute(
        Change(ticket_id=web.ticket_id, ticket_fields={("line",): "enterprise"}, events=(event(),))
    )

    async def count(**query: object) -> int:
        return len(await walk(db, **query))

    assert await count(channel="sip") == await count(line="enterprise") == await count(empty=True) == 1
    assert await count(status="registered") == 2
    assert await count(status="archived") == 0
    assert await count(empty=False, channel="platform") == 1
    await indexed(db)
    assert await count(phone="+8613800138000") == 1
    for text in ("202611230000001", "20261123-0000002", "lamp", "路灯", "人民大道 street", "100%"):
        assert await count(text=text) == 1, text
    for text in ("#002", "＃002", "#2", " # 0000002", "＃００２", "20261123－0000002", "#20261123-0000002"):
        assert await count(text=text) == 1, text
    for text in ("#0", "#12", "#3002"):
        assert await count(text=text) == 0, text
    for text in ("100_", "%%", "大学", "13900"):
        assert await count(text=text) == 0, text
    assert await count(text="  ") == 2


@SQL_ALONE
@pytest.mark.parametrize("cursor", ["", "x", "n1", "s-1", "s1 OR 1=1"])
async def test_a_foreign_cursor_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(RejectedInput):
        await db.reader.tickets(TicketQuery(cursor=cursor))


@SQL_ALONE
async def test_a_walk_under_writes_misses_nothing_and_repeats_no_state(opened: Open) -> None:
    db, other = await opened(), await opened()
    first = [await db.changes.execute(written(str(n))) for n in range(10)]

    async def write() -> None:
        for n in range(40):
            store = (db, other)[n % 2].changes
            await store.execute(written(f"w{n}"))
            await store.execute(
                Change(
                    ticket_id=first[n % 10].ticket_id,
                    ticket_fields={("demand", "title"): str(n)},
                    events=(event(),),
                )
            )

    writing = asyncio.create_task(write())
    seen: list[tuple[str, int]] = []
    since = 0
    while True:
        finished = writing.done()
        page = await other.reader.tickets(TicketQuery(since=since, limit=3))
        seen += [(r["ticket_id"], r["version"]) for r in page.items]
        if page.items:
            assert page.items[-1]["event_seq"] > since
            since = page.items[-1]["event_seq"]
        elif finished:
            break
    await writing
    assert len(seen) == len(set(seen))
    newest = dict(seen)
    assert len(newest) == 50
    for ticket_id, version in newest.items():
        assert (await db.reader.ticket(ticket_id))["version"] == version


@SQL_ALONE
async def test_every_event_is_seen_once_by_a_cursor_under_writes(opened: Open) -> None:
    stores = [await opened(), await opened()]
    total = 2 * 2 * 30

    async def write(n: int) -> None:
        for i in range(15):
            await stores[n % 2].changes.execute(written(f"{n}/{i}"))

    async def follow() -> list[int]:
        seqs: list[int] = []
        async with asyncio.timeout(60):  # only ends a test that would hang
            while len(seqs) < total:
                seqs += [e["event_seq"] for e in await stores[0].reader.events(after=seqs[-1] if seqs else 0, limit=7)]
        return seqs

    followed, *_ = await asyncio.gather(follow(), *(write(n) for n in range(4)))
    assert followed == list(range(1, total + 1))


@SQL_ALONE
async def test_watchers_see_the_past_then_each_commit(opened: Open) -> None:
    db, other = await opened(), await opened()
    await db.changes.execute(written("0"))

    async def watch(store: Database) -> list[int]:
        seen: list[int] = []
        async with aclosing(store.reader.watch(1)) as events:
            async for event_ in events:
                seen.append(event_["event_seq"])
                if len(seen) == 5:
                    break
        return seen

    watching = [asyncio.create_task(watch(store)) for store in (db, db, other)]
    net = asyncio.create_task(other.net.run())  # nobody tells it
    await asyncio.sleep(0.05)
    await db.changes.execute(written("1"))
    await db.changes.execute(written("2"))
    async with asyncio.timeout(30):
        assert await asyncio.gather(*watching) == [[2, 3, 4, 5, 6]] * 3
    net.cancel()
    await asyncio.gather(net, return_exceptions=True)


async def test_events_name_their_ticket(db: Database) -> None:
    applied = await db.changes.execute(written("0"))
    first, second = await db.reader.events()
    assert first | {"data": told(first)} == {
        "event_seq": 1,
        "event_id": first["event_id"],
        "type": "ticket.registered",
        "at": "2026-11-23T04:00:00.000Z",
        "ticket_id": applied.ticket_id,
        "ticket_no": applied.ticket_no,
        "interaction_id": applied.interaction_id,
        "actor": "system",
        "data": {"channel": "platform", "line": "citizen", "empty": False},
    }
    assert len({first["event_id"], second["event_id"]}) == 2
    assert await db.reader.events(ticket_id="01OTHER") == []


async def test_recordings_and_missing_things(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    assert applied.interaction_id is not None
    assert await db.reader.recording_path(applied.interaction_id) is None
    await db.changes.execute(
        Change(
            ticket_id=applied.ticket_id,
            interaction_id=applied.interaction_id,
            interaction_fields={"recording_path": "2026/11/23/x.wav"},
            events=(event(),),
        )
    )
    assert await db.reader.recording_path(applied.interaction_id) == "2026/11/23/x.wav"
    with pytest.raises(NotFound):
        await db.reader.recording_path("01NONE")
    for key in ("01NONE", "202611239999999"):
        with pytest.raises(NotFound):
            await db.reader.ticket(key)
    with pytest.raises(RejectedInput):
        await db.reader.ticket("a\x00")
    await db.reader.ping()
