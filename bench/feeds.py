"""Draining a feed behind which 500,000 deliveries wait, to a receiver that answers at once; beside it 5,000.

On SQLite, ``synchronous=FULL``, 10,000 tickets in turn: what is measured is leasing, reading each ticket's record, and
booking, as a worker with its default settings does them; no receiver is as fast. The cost must not grow with what
waits. How many events a second become deliveries is told, too: that comes first when a feed is new.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bench.report import Row, judged
from gateway.edge.system_clock import SystemClock
from gateway.feeds.common import FeedSettings
from gateway.feeds.worker import FeedWorker
from gateway.intake.contact.accept import ContactIntake
from gateway.ports.channel import InboundContact
from gateway.ports.feed import Delivery
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage import delivery_rows
from gateway.storage import tables as t
from gateway.storage.database import Database, open_database
from gateway.telemetry import log

ROOT = Path(__file__).resolve().parents[1]
WAITING = (5_000, 500_000)
TICKETS, MOST, MEASURED_S, GOAL = 10_000, 10_000, 10.0, 500.0
FEED = "cases"


class Receiver:
    """Takes everything at once, and counts."""

    def __init__(self, enough: int) -> None:
        """Nothing came yet."""
        self.taken = 0
        self.has_enough = asyncio.Event()
        self._enough = enough

    async def deliver(self, _delivery: Delivery) -> None:
        """Take it."""
        self.taken += 1
        if self.taken >= self._enough:
            self.has_enough.set()

    async def aclose(self) -> None:
        """Nothing is open."""


async def _fill(database: Database, waiting: int) -> float:
    """So many events of ``TICKETS`` tickets wait as deliveries; how many of them became that in a second."""
    intake = ContactIntake(store=database.changes, prefill=PrefillReader(Gazetteer([])), clock=SystemClock())
    numbers = iter(range(min(TICKETS, waiting // 2)))

    async def client(numbers: Iterator[int]) -> None:
        for number in numbers:
            await intake.accept(
                InboundContact(
                    channel="platform",
                    channel_id="bench",
                    external_id=f"bench-{number}",
                    received_at=datetime.now(UTC),
                    content="小区门口的路灯坏了三天，晚上看不见路",
                    requester={"phone": f"+86138{number:08d}"},
                )
            )

    await asyncio.gather(*(client(numbers) for _ in range(64)))

    def more(connection: sa.Connection) -> None:
        found = connection.execute(sa.select(t.events).order_by(t.events.c.event_seq)).mappings().all()
        last = int(found[-1]["event_seq"])
        for first in range(last + 1, waiting + 1, 10_000):
            seqs = range(first, min(first + 10_000, waiting + 1))
            rows = [{**found[s % last], "event_seq": s, "event_id": f"event-{s}"} for s in seqs]
            connection.execute(sa.insert(t.events), rows)
        connection.execute(sa.update(t.counters).where(t.counters.c.name == "event_seq").values(value=waiting))

    await database.sql.write(more)
    began = time.perf_counter()
    for _ in range(-(-waiting // delivery_rows.TAKE_IN)):
        await database.sql.write(lambda c: delivery_rows.take_in(c, FEED, "2026-01-01T00:00:00.000Z"))
    return waiting / (time.perf_counter() - began)


async def _drained(waiting: int) -> tuple[float, float, float]:
    """Deliveries a second while ``waiting`` wait, milliseconds of CPU for each, and events taken in a second."""
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        database = await open_database("", data_dir=Path(folder), zone=ZoneInfo("Asia/Shanghai"))
        taken_in = await _fill(database, waiting)
        receiver = Receiver(enough=min(waiting, MOST))
        worker = FeedWorker(
            feed_id=FEED,
            make_feed=lambda: receiver,
            settings=FeedSettings(include_empty=True),
            deliveries=database.deliveries,
            events=database.reader,
            clock=SystemClock(),
            owner="bench",
            next_commit=database.committed.next,
            jitter=random.Random(1),  # noqa: S311 - spreads retries, guards nothing
        )
        task = asyncio.create_task(worker.run())
        wall, cpu = time.perf_counter(), time.process_time()
        with suppress(TimeoutError):
            async with asyncio.timeout(MEASURED_S):
                await receiver.has_enough.wait()
        wall, cpu, taken = time.perf_counter() - wall, time.process_time() - cpu, receiver.taken
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.aclose()
    sys.stderr.write(f"{waiting:,} waiting: {taken} in {wall:.1f} s\n")
    return taken / wall, cpu / taken * 1000, taken_in


async def rows() -> list[Row]:
    """With few waiting and with many."""
    log.configure(level="warning")
    few, many = [await _drained(waiting) for waiting in WAITING]
    told = f"{many[0]:,.0f}/s, {many[1]:.2f} ms CPU each"
    beside = f"{WAITING[0]:,} waiting: {few[0]:,.0f}/s, {few[1]:.2f} ms CPU each"
    return [
        judged(f"drained while {WAITING[1]:,} wait", told, f"{GOAL:.0f}/s", many[0] / GOAL, at_least=1.0),
        judged("CPU of a delivery, many waiting to few", told, beside, many[1] / few[1], at_most=1.5),
        judged("events that become deliveries", f"{many[2]:,.0f}/s", f"{few[2]:,.0f}/s of few", many[2] / few[2]),
    ]
