"""What is still to be done, counted: transcripts, messages, callbacks, feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.ports.open_work import Backlog, FeedBacklog
from gateway.storage import tables as t
from gateway.storage.database import Database
from tests.contract.storage.changes import call, written
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def test_nothing_is_open_where_nothing_was_taken(db: Database) -> None:
    work = await db.open_work.count(["cases"])
    assert (work.transcripts, dict(work.outbox), work.feeds) == (Backlog(), {}, {"cases": FeedBacklog()})
    assert (work.callbacks_open, work.callbacks_overdue) == (0, 0)


async def test_a_feed_has_what_is_not_delivered_and_what_was_given_up(db: Database, clock: SetClock) -> None:
    await db.changes.execute(written("1"))
    clock.forward(60)
    await db.changes.execute(written("2", at=clock.now()))
    first, *_, last = await db.reader.events()
    assert (await db.open_work.count(["cases"])).feeds["cases"].waiting == last["event_seq"], "none is a row yet"
    leased = await db.deliveries.lease("cases", "w", limit=100, lease_s=10)
    await db.deliveries.failed("cases", leased[0].event_seq, "410", retry_in_s=None)
    queue = (await db.open_work.count(["cases", "other"])).feeds["cases"]
    assert (queue.waiting, queue.dead) == (last["event_seq"] - 1, 1)
    await db.deliveries.delivered("cases", list(range(2, last["event_seq"])))
    queue = (await db.open_work.count(["cases"])).feeds["cases"]
    assert queue.oldest is not None
    assert (queue.waiting, rfc3339(queue.oldest)) == (1, last["at"])
    assert rfc3339(queue.oldest) > first["at"]
    await db.deliveries.delivered("cases", [last["event_seq"]])
    assert (await db.open_work.count(["cases"])).feeds == {"cases": FeedBacklog(dead=1)}


async def test_calls_that_wait_for_their_words_count_from_their_end(db: Database, clock: SetClock) -> None:
    ended = rfc3339(NOON - timedelta(minutes=40))
    calls = [await db.changes.execute(replace(call(f"call-{n}"))) for n in range(3)]

    def settle(connection: sa.Connection) -> None:
        connection.execute(sa.update(t.tickets).values(pending=True))
        own = t.interactions.c.ticket_id
        done = {"disposition": "completed", "recording_path": "2026/11/23/a.wav", "ended_at": ended}
        first, second, _ = (one.ticket_id for one in calls)
        connection.execute(sa.update(t.interactions).where(own == first).values(lease_until=None, **done))
        # Its owner hears it yet; and the third call goes on.
        theirs = rfc3339(clock.now() + timedelta(minutes=1))
        connection.execute(sa.update(t.interactions).where(own == second).values(lease_until=theirs, **done))

    await db.sql.write(settle)
    transcripts = (await db.open_work.count([])).transcripts
    assert transcripts == Backlog(waiting=1, oldest=NOON - timedelta(minutes=40))


async def test_messages_and_callbacks_that_are_open(db: Database, clock: SetClock) -> None:
    now = clock.now()

    def fill(connection: sa.Connection) -> None:
        message = {
            "recipient": "p", "ticket_id": "t", "interaction_id": "i", "text": "x", "attempts": 0, "doc": {},
            "next_at": rfc3339(now + timedelta(hours=1)),
        }  # fmt: skip
        rows = [("a", "sms", "queued", 30), ("b", "sms", "queued", 900), ("c", "sms", "sent", 9000)]
        rows.append(("d", "removed", "queued", 60))
        for number, (message_id, channel_id, state, age_s) in enumerate(rows):
            created = rfc3339(now - timedelta(seconds=age_s))
            own = {"message_id": message_id, "channel_id": channel_id, "state": state, "created_at": created}
            connection.execute(sa.insert(t.outbox).values(**message, **own, thread_seq=number))
        task = {"ticket_id": "t", "requester_id": "r", "line": "citizen", "attempts": 0, "version": 1, "doc": {}}
        for callback_id, state, due_s in (("1", "open", -60), ("2", "open", 60), ("3", "done", -60)):
            due = rfc3339(now + timedelta(seconds=due_s))
            own = {"callback_id": callback_id, "state": state, "due_at": due, "created_at": due}
            connection.execute(sa.insert(t.callbacks).values(**task, **own))

    await db.sql.write(fill)
    work = await db.open_work.count([])
    assert work.outbox == {
        "sms": Backlog(waiting=2, oldest=now - timedelta(seconds=900)),
        "removed": Backlog(waiting=1, oldest=now - timedelta(seconds=60)),
    }
    assert (work.callbacks_open, work.callbacks_overdue) == (2, 1)


async def test_a_message_that_waits_for_the_morning_is_not_late(db: Database, clock: SetClock) -> None:
    written, morning = clock.now(), clock.now() + timedelta(hours=11)

    def fill(connection: sa.Connection) -> None:
        row = {
            "message_id": "a", "channel_id": "sms", "state": "queued", "recipient": "p", "ticket_id": "t",
            "interaction_id": "i", "text": "x", "attempts": 0, "doc": {}, "next_at": rfc3339(written),
            "created_at": rfc3339(written), "not_before": rfc3339(morning), "thread_seq": 1,
        }  # fmt: skip
        connection.execute(sa.insert(t.outbox).values(**row))

    await db.sql.write(fill)
    clock.forward(10 * 3600)
    assert (await db.open_work.count([])).outbox == {}
    clock.forward(2 * 3600)
    assert (await db.open_work.count([])).outbox == {"sms": Backlog(waiting=1, oldest=morning)}


async def test_how_far_the_clock_is_from_the_database_s(db: Database, url: str, clock: SetClock) -> None:
    offset = await db.open_work.clock_offset_s()
    if url.startswith("sqlite"):
        assert offset is None, "there is one clock"
    else:
        assert offset is not None
        clock.forward(3600)
        later = await db.open_work.clock_offset_s()
        assert later is not None
        assert 3500 < offset - later < 3600.1
