"""One look at the log for many listeners; none lost, none doubled, the slow one dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.errors import StoreUnavailable
from gateway.web.api import hub as hub_module
from gateway.web.api.hub import EventHub
from tests.support.waiting import until

pytestmark = pytest.mark.unit


class Log:
    """An event log in memory; the part of ``TicketReader`` that a hub uses."""

    def __init__(self, stored: int) -> None:
        self.seqs = list(range(1, stored + 1))
        self.changed = asyncio.Condition()
        self.watchers = 0
        self.broken = False

    async def add(self, count: int = 1) -> None:
        async with self.changed:
            self.seqs += range(len(self.seqs) + 1, len(self.seqs) + count + 1)
            self.changed.notify_all()

    async def last_event_seq(self) -> int:
        return len(self.seqs)

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[dict]:
        await asyncio.sleep(0)
        return [{"event_seq": seq} for seq in self.seqs if seq > after][:limit]

    async def watch(self, after: int) -> AsyncIterator[dict]:
        self.watchers += 1
        try:
            while True:
                async with self.changed:
                    while not self.broken and len(self.seqs) <= after:
                        await self.changed.wait()
                if self.broken:
                    raise StoreUnavailable("down")
                for event in await self.events(after=after):
                    after = event["event_seq"]
                    yield event
        finally:
            self.watchers -= 1


async def take(hub: EventHub, after: int, count: int) -> list[int]:
    events = hub.follow(after)
    found = [(await anext(events))["event_seq"] for _ in range(count)]
    await events.aclose()
    return found


async def test_stored_events_then_new_ones_without_gap_or_double() -> None:
    log = Log(1200)
    hub = EventHub(log)
    listeners = [asyncio.create_task(take(hub, after, 1260 - after)) for after in (0, 600, 1199, 1200)]
    for _ in range(60):
        await log.add()
        await asyncio.sleep(0)
    for after, listener in zip((0, 600, 1199, 1200), listeners, strict=True):
        assert await listener == list(range(after + 1, 1261))
    await asyncio.sleep(0)
    assert log.watchers == 0


async def test_many_listeners_cost_one_look() -> None:
    log = Log(0)
    hub = EventHub(log)
    listeners = [asyncio.create_task(take(hub, 0, 1)) for _ in range(50)]
    await until(lambda: log.watchers, "a look at the log")
    await asyncio.sleep(0)
    assert log.watchers == 1
    await log.add()
    assert await asyncio.gather(*listeners) == [[1]] * 50


async def test_a_slow_listener_is_ended_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "QUEUE", 5)
    log = Log(0)
    hub = EventHub(log)
    slow, quick = hub.follow(0), hub.follow(0)
    first = [asyncio.create_task(anext(slow)), asyncio.create_task(anext(quick))]
    await until(lambda: log.watchers, "a look at the log")
    await log.add()
    assert [event["event_seq"] for event in await asyncio.gather(*first)] == [1, 1]
    for seq in range(2, 10):
        await log.add()
        assert (await anext(quick))["event_seq"] == seq
    assert [event async for event in slow] == []
    assert await take(hub, 1, 8) == list(range(2, 10))
    await quick.aclose()


async def test_a_store_that_goes_down_ends_the_streams_and_a_new_one_begins_anew() -> None:
    log = Log(3)
    hub = EventHub(log)
    events = hub.follow(2)
    assert (await anext(events))["event_seq"] == 3
    waiting = asyncio.create_task(take(hub, 3, 1))
    await until(lambda: log.watchers, "a look at the log")
    async with log.changed:
        log.broken = True
        log.changed.notify_all()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    with pytest.raises(StopAsyncIteration):
        await waiting
    log.broken = False
    again = asyncio.create_task(take(hub, 3, 1))
    await until(lambda: log.watchers, "a look at the log")
    await log.add()
    assert await again == [4]
