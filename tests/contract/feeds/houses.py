"""The delivery store, once in memory and once on SQL, made to hold the same tickets and events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gateway.domain.ids import new_ulid
from gateway.ports.clock import Clock
from gateway.ports.feed import DeliveryStore
from gateway.storage.database import open_database
from tests.support.change import Change, NewEvent, NewTicket
from tests.support.clocks import SetClock
from tests.support.databases import ready_sqlite
from tests.support.fakes.deliveries import MemoryDeliveries

BEGINNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class FeedHouse(Protocol):
    """A store, and how something happens to a ticket in it."""

    clock: SetClock

    @property
    def store(self) -> DeliveryStore: ...

    async def happen(self, ticket: str, *types: str) -> None: ...

    async def pass_by(self, seconds: int) -> None:
        """Time in which the store answers without a break."""

    def ticket_id(self, ticket: str) -> str: ...


class MemoryHouse:
    def __init__(self) -> None:
        self.clock = SetClock(BEGINNING)
        self.store = MemoryDeliveries(self.clock)

    async def happen(self, ticket: str, *types: str) -> None:
        self.store.happen(ticket, *types)

    async def pass_by(self, seconds: int) -> None:
        self.clock.forward(seconds)

    def ticket_id(self, ticket: str) -> str:
        return ticket


class SqlHouse:
    def __init__(self, clock: SetClock, database: Any) -> None:
        self.clock = clock
        self.store = database.deliveries
        self._changes = database.changes
        self._reader = database.reader
        self._ids: dict[str, str] = {}

    async def happen(self, ticket: str, *types: str) -> None:
        events = tuple(NewEvent(type=type_, at=self.clock.now()) for type_ in types)
        if ticket in self._ids:
            await self._changes.execute(Change(ticket_id=self._ids[ticket], events=events))
            return
        self._ids[ticket] = new_ulid()
        new = NewTicket(
            ticket_id=self._ids[ticket],
            created_at=self.clock.now(),
            line="citizen",
            channel="platform",
            channel_id="test",
        )
        await self._changes.execute(Change(new_ticket=new, events=events))

    async def pass_by(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.forward(1)
            await self._reader.ping()

    def ticket_id(self, ticket: str) -> str:
        return self._ids[ticket]


@asynccontextmanager
async def sqlite_house(folder: Path) -> AsyncIterator[SqlHouse]:
    clock = SetClock(BEGINNING)
    wanted: Clock = clock
    ready_sqlite(folder / "gateway.db")
    database = await open_database("", data_dir=folder, zone=ZoneInfo("Asia/Shanghai"), clock=wanted)
    try:
        yield SqlHouse(clock, database)
    finally:
        await database.aclose()
