"""News of a contact reach its source once, over restarts, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.events import SourceTold
from gateway.edge.system_clock import SystemClock
from gateway.following.follower import KEY
from gateway.intake.contact.accept import ContactIntake
from gateway.intake.ticket.source_callbacks import CURSOR, SourceCallbacks
from gateway.ports.channel import Accepted, InboundContact
from gateway.storage.database import Database, open_database
from tests.support.change import Change, NewEvent
from tests.support.reading import city_prefill

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[4]
CLOCK = SystemClock()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database("", data_dir=tmp_path, zone=ZoneInfo("Asia/Shanghai"))
    yield opened
    await opened.aclose()


async def contact(db: Database, event_id: str, channel_id: str = "cloud") -> Accepted:
    intake = ContactIntake(store=db.changes, prefill=city_prefill(), clock=CLOCK)
    return await intake.accept(
        InboundContact(
            channel="platform",
            channel_id=channel_id,
            external_id=event_id,
            received_at=CLOCK.now(),
            content="路灯坏了",
            source_name="ycsmy",
            source_event_id=event_id,
        )
    )


async def becomes(db: Database, accepted: Accepted, **fields: Any) -> None:
    paths = {tuple(name.split("__")): value for name, value in fields.items()}
    event = NewEvent(type="ticket.updated", at=CLOCK.now())
    await db.changes.execute(Change(ticket_id=accepted.ticket_id, ticket_fields=paths, events=(event,)))


class Following:
    """The duty of one process; leaving it kills it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        duty = SourceCallbacks(
            store=self.db.changes,
            reader=self.db.reader,
            cursors=self.db.channel_states,
            next_commit=self.db.committed.next,
            channels={"cloud"},
            clock=CLOCK,
        )
        self._task = asyncio.create_task(duty.run())
        async with asyncio.timeout(10):
            while await self.db.channel_states.get(CURSOR, KEY) is None:
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def told(db: Database, count: int) -> None:
    """Until so much has been told."""
    async with asyncio.timeout(10):
        while [event["type"] for event in await db.reader.events()].count(SourceTold.TYPE) < count:
            await asyncio.sleep(0.01)


async def queued(db: Database) -> list[tuple[str, str]]:
    rows = await db.outbox.lease(["cloud", "api"], "test", recipients=50, lease_s=0)
    return [(row.recipient, row.text) for person in rows for row in person]


async def test_each_news_is_told_once(db: Database) -> None:
    async with Following(db):
        accepted = await contact(db, "c-1")
        other = await contact(db, "c-2", channel_id="api")
        await becomes(db, accepted, demand__title="路灯")
        await becomes(db, other, status="replied", outcome__public_reply="已修复")
        await becomes(db, accepted, status="dispatched")
        await told(db, 1)
        await becomes(db, accepted, demand__title="路灯不亮")
        await becomes(db, accepted, status="replied", outcome__public_reply="已修复")
        await told(db, 2)
    number = f"{accepted.ticket_no[:8]}-{accepted.ticket_no[8:]}"
    assert await queued(db) == [("event:c-1", f"工单 {number} 已派单"), ("event:c-1", f"工单 {number} 已答复：已修复")]
    record = await db.reader.ticket(accepted.ticket_id)
    assert [m["delivery"] for m in record["interactions"][0]["messages"]] == [None, "queued", "queued"]


async def test_what_happened_while_nobody_looked_is_told_and_nothing_twice(db: Database) -> None:
    accepted = await contact(db, "c-1")
    await becomes(db, accepted, status="handling")
    async with Following(db):
        await becomes(db, accepted, status="replied")
        await told(db, 1)
    await becomes(db, accepted, status="archived")
    async with Following(db), Following(db):
        await told(db, 2)
        later = await contact(db, "c-2")
        await becomes(db, later, status="withdrawn")
        await told(db, 3)
    assert [text.split()[-1] for _, text in await queued(db)] == ["已答复", "已归档", "已撤销"]
