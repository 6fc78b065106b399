"""A receiver that was away while 20,000 events gathered: all of them come, and the gateway never holds many."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from gateway.edge.system_clock import SystemClock
from gateway.errors import TransientDeliveryError
from gateway.feeds.common import FeedSettings
from gateway.feeds.worker import FeedWorker
from gateway.ports.feed import Delivery
from gateway.storage import tables as t
from gateway.storage.database import Database, open_database
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI
from tests.support.waiting import until

pytestmark = pytest.mark.integration
TICKETS, EVENTS = 1000, 20_000
PARALLEL = 128


class Receiver:
    """Is down at first; ``got`` is what it took."""

    def __init__(self) -> None:
        self.down = True
        self.got: list[tuple[str, int]] = []
        self.asked = 0
        self._in_hand = 0
        self.most_in_hand = 0

    async def deliver(self, delivery: Delivery) -> None:
        self.asked += 1
        self._in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self._in_hand)
        await asyncio.sleep(0)
        self._in_hand -= 1
        if self.down:
            raise TransientDeliveryError("nobody listens there")
        self.got.append((delivery.ticket_id, delivery.event_seq))

    async def aclose(self) -> None:
        """Nothing is open."""


async def fill(db: Database) -> int:
    """Tickets as contacts make them, and so many more events of theirs, in one insertion; how many in all."""
    for n in range(TICKETS):
        await db.changes.execute(written(f"c{n}"))

    def more(connection: sa.Connection) -> int:
        found = connection.execute(sa.select(t.events).order_by(t.events.c.event_seq)).mappings().all()
        last = int(found[-1]["event_seq"])
        of_tickets = [row for row in found if row["ticket_id"]]
        rows = [
            {**of_tickets[seq % len(of_tickets)], "event_seq": seq, "event_id": f"event-{seq}"}
            for seq in range(last + 1, EVENTS + 1)
        ]
        connection.execute(sa.insert(t.events), rows)
        connection.execute(sa.update(t.counters).where(t.counters.c.name == "event_seq").values(value=EVENTS))
        return connection.execute(sa.select(sa.func.count()).select_from(t.events)).scalar_one()

    return await db.sql.write(more)


async def test_twenty_thousand_events_come_in_order_once_and_few_at_a_time(tmp_path: Path) -> None:
    db = await open_database("", data_dir=tmp_path, zone=SHANGHAI, synchronous="NORMAL")
    assert await fill(db) == EVENTS
    receiver = Receiver()
    worker = FeedWorker(
        feed_id="cases",
        make_feed=lambda: receiver,
        settings=FeedSettings(parallel=PARALLEL, include_empty=True),
        deliveries=db.deliveries,
        events=db.reader,
        clock=SystemClock(),
        owner="one",
        next_commit=db.committed.next,
        jitter=random.Random(1),
    )
    with capture_logs() as lines:
        working = asyncio.create_task(worker.run())
        try:
            await until(lambda: any(line["event"] == "feed_held" for line in lines), "feed_held")
            asked = receiver.asked
            receiver.down = False
            await until(lambda: len(receiver.got) >= EVENTS, "every event", within_s=120)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    assert asked <= 2 * PARALLEL, "a receiver that is down is not asked for each event"
    assert receiver.most_in_hand <= PARALLEL
    assert sorted(seq for _, seq in receiver.got) == list(range(1, EVENTS + 1))
    by_ticket: dict[str, list[int]] = defaultdict(list)
    for ticket_id, seq in receiver.got:
        by_ticket[ticket_id].append(seq)
    assert all(events == sorted(events) for events in by_ticket.values())
    assert Counter(line["event"] for line in lines)["dead_letter"] == 0
    assert (await db.deliveries.counts())["cases"] == {"pending": 0, "dead": 0}
    await db.aclose()
